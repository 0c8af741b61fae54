"""Distributed Map: reader, selector, batcher, child executions, result writer, as one bounded stream."""
