"""The policy language: parses text to nodes with spans, and nodes to a typed policy.

Pure functions that use only the standard library.
"""
