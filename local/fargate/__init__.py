"""Containers of ECS as processes on localhost: started, stopped, logged and interrupted as Fargate does it."""

from __future__ import annotations

from local.fargate.client import InterruptionError, interrupt

__all__ = ["InterruptionError", "interrupt"]
