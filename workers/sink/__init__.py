"""Sinks: verdicts and alerts told to a counterpart outside, in order, each until it is accepted."""
