"""Cameras: what puts frames on the stream. Streams, videos, USB cameras, and folders that a program fills."""
