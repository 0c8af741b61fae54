"""A listening socket on the loopback interface, or the reason why there is none."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from local.failures import LocalError, PortInUseError

HOST = "127.0.0.1"
BACKLOG = 1024
LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp


def listen(port: int) -> socket.socket:
    """A socket that listens on 127.0.0.1; port 0 takes a free one. Raises PortInUseError.

    Clients may connect at once: they wait in the backlog until the server that inherits it accepts.
    """
    if not 0 <= port <= 65535:
        raise LocalError(f"port {port} is not a port: give 1 to 65535, or 0 for a free one")
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((HOST, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(HOST, port, holder_of(port)) from None
        raise LocalError(f"cannot listen on {HOST}:{port}: {error.strerror}; choose another port") from error
    return sock


def holder_of(port: int) -> str | None:
    """The program and pid that listen on the port, as far as this user may see (Linux only)."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            held = any(str(link.readlink()) in inodes for link in (entry / "fd").iterdir())
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # ended meanwhile, or another user's
            continue
        if held:
            return f"{command[:80]} (pid {entry.name})"
    return None


def _listening_inodes(port: int) -> set[str]:
    wanted = f"{port:04X}"
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[1].rpartition(":")[2] == wanted:
                inodes.add(f"socket:[{fields[9]}]")
    return inodes
