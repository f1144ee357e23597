"""What was set aside or could not be judged, found again and sent once more."""
