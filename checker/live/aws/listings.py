"""Lists that are asked for in more than one place."""

from __future__ import annotations

from checker.live.aws.calls import Listing

ALIASES = Listing("kms", "list_aliases", "Aliases", "Marker", "NextMarker")
BY_TOPIC = Listing("sns", "list_subscriptions_by_topic", "Subscriptions")


WATCHING = "checker-flow-"
"""Queues that watch a topic for as long as a flow lasts."""

KEEPING = "checker-retain-"
"""Queues and roles that keep a topic's messages for good."""
