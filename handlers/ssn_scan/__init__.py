"""Find numbers in objects that must not be there; only the last four digits of a find leave this package."""
