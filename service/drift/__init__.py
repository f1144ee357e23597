"""Drift of a line: do its scores still come from where they came when its bank was put in force?

Numbers in, numbers out: no I/O. What was chosen, and by which simulation, is told in docs/drift.md.
"""
