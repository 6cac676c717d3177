"""JSON: `schemas/report.v1.json`."""

from checker.report.json_v1 import json_report as render

__all__ = ["render"]
