"""All that cannot be made again, in a folder, and back from there."""
