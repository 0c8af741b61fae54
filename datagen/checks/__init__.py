"""Validation: what was written is read again, by other means than it was made, and held against its truth.

`datagen.checks.validation` does what is the same for all data sets; each module here knows one of them.
"""
