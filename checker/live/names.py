"""What the names of things begin with that checker makes: policies and people know them by it."""

from __future__ import annotations

WATCHING = "checker-flow-"
"""Queues that watch a topic for as long as a flow lasts."""

KEEPING = "checker-retain-"
"""Queues and roles that keep a topic's messages for good."""
