"""From the JSON text of a definition to a checked tree of states."""
