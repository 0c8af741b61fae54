"""Commands of `distmap`: what can be asked for, one module a command."""
