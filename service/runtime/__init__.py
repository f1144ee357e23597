"""What every program does at its start and end: wait for what it needs, listen for the signal to stop."""
