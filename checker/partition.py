"""The partition that a Region belongs to.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from checker.regions import REGIONS

NEWEST = "aws"
"""Where a Region that is on no list is taken to be: new ones are opened there."""


def partition_of(region: str) -> str | None:
    """Look a Region up; ``None`` for one that is not listed, which may be new."""
    return next((partition for partition, regions in REGIONS.items() if region in regions), None)
