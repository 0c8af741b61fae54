"""Corrections of ministack, applied from outside; tests/local guards what each one takes for granted."""
