"""Attacks that were tried, and what stops each: ``python -m tests.attacks`` writes docs/attacks.md."""
