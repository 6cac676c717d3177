"""Policies, and single statements of them, in the languages that people keep them in."""
