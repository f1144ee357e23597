"""Sinks: what tells PLCs, brokers, files and web services of verdicts. One port, one file a backend."""
