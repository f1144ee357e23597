"""`make bench`: every bench of the command line, and the table of docs/performance.md."""
