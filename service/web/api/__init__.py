"""REST under /v1: stable paths, JSON and images, problems in one sentence."""
