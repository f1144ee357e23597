"""The whole system as real processes on a real broker."""
