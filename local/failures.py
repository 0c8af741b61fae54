"""What can go wrong with AWS on localhost, each said in words for the person at the terminal.

LocalError                   every failure of this package that a user can mend; its text is the whole message
├── NoProjectError           no Pulumi.yaml here or above
├── PortInUseError           another process listens on the wanted port
├── AlreadyRunningError      this stack's server is up already
├── NotRunningError          a command needs a server that is not up
└── StartError               the server did not become ready; carries the end of its log
"""

from __future__ import annotations


class LocalError(Exception):
    """A failure that is told in one message, without a traceback."""


class NoProjectError(LocalError):
    """The working directory is in no project and the program has none beside it."""


class PortInUseError(LocalError):
    """The wanted port is taken."""

    def __init__(self, host: str, port: int, holder: str | None) -> None:
        by = f" by {holder}" if holder else " by another process"
        super().__init__(
            f"port {port} on {host} is in use{by}; stop that process or choose another port with --port "
            f"(0 picks a free one)"
        )
        self.port = port


class AlreadyRunningError(LocalError):
    """A server of the same stack is running."""


class NotRunningError(LocalError):
    """No server of the stack is running."""


class StartError(LocalError):
    """The server ended or stayed silent before it was ready."""
