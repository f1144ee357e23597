"""A candidate bank held against another, on the frames that a line has stored: what would change."""
