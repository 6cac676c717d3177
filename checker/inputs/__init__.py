"""Reads files into an Inventory: CLI output, policies, manifests, code and events. Kinds are told by content."""
