"""Banks: their file, where it is kept and fetched from, what is in force, and the shelf in memory."""
