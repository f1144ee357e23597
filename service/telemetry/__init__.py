"""What is told about a running program: logs, metrics of a closed set, and the probes' address."""
