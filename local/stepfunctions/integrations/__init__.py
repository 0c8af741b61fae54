"""The services that a Task state can call."""
