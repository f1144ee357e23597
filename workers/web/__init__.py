"""The page's program: serves the operator page and the API, and follows the topics."""
