"""The extraction worker: a child process that owns one device, and its owner's side of the pipe."""
