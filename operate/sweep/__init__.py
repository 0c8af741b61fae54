"""Experiments before a full run: trials, what they say of the whole, and which way to run it."""
