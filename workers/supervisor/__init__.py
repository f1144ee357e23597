"""Runs the programs of an installation as children, and starts again what ends."""
