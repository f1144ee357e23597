"""Cameras: what puts frames on the stream. For now a folder that another program fills."""
