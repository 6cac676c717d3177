"""The error of an audit that lost its cluster. Knows neither Dask nor boto3."""

from __future__ import annotations

from checker.inputs.text import InputError


class ClusterLostError(InputError):
    """Nothing works on the units any more; the journal has those that are done."""
