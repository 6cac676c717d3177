"""Text for people: each finding with its lines."""

from checker.report.text import findings_text as render

__all__ = ["render"]
