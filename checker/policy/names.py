"""The names of actions, condition keys and service principals of AWS, from `names.json`.

`make names` writes that file with scripts/generate_names.py.
"""

from __future__ import annotations

import json
from pkgutil import get_data

_NAMES: dict[str, list[str]] = json.loads(get_data("checker.policy", "names.json") or b"{}")

TOPIC_ACTIONS = tuple(_NAMES["TOPIC_ACTIONS"])
REFUSED_TOPIC_ACTIONS = tuple(_NAMES["REFUSED_TOPIC_ACTIONS"])
"""Actions of SNS that a topic policy cannot have."""
KEY_ACTIONS = tuple(_NAMES["KEY_ACTIONS"])
OTHER_KEY_ACTIONS = tuple(_NAMES["OTHER_KEY_ACTIONS"])
"""Actions of KMS that are not about a key, and have no effect in a key policy."""
GLOBAL_KEYS = tuple(_NAMES["GLOBAL_KEYS"])
TOPIC_KEYS = tuple(_NAMES["TOPIC_KEYS"])
KEY_KEYS = tuple(_NAMES["KEY_KEYS"])
SERVICES = tuple(_NAMES["SERVICES"])
