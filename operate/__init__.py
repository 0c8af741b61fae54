"""The `distmap` command: run a use case, watch it, check it, price it."""
