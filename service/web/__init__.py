"""The page and its HTTP API: a view of the stream that can be refilled, live by server-sent events."""
