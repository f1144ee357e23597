"""What of frames and heatmaps is kept for how long: what is due, and the report of a sweep."""
