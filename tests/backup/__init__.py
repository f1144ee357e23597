"""A backup holds all that cannot be made again, and brings it back."""
