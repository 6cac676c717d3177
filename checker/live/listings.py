"""Lists that are asked for in more than one place."""

from __future__ import annotations

from checker.live.calls import Listing

ALIASES = Listing("kms", "list_aliases", "Aliases", "Marker", "NextMarker")
BY_TOPIC = Listing("sns", "list_subscriptions_by_topic", "Subscriptions")
