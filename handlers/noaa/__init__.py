"""Weather stations: the highest precipitation of each, from its file in GHCN-Daily form into a table."""
