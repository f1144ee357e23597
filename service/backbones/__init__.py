"""Networks and engines: batches of pictures in, feature stages out; weights and their sha256."""
