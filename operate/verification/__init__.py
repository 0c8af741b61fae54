"""Bulk results against truth: one module per use case, each with `verify(truth, actual) -> list[Check]`."""
