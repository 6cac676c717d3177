"""Reads, judges and sets up the subscriptions that keep a topic's messages."""
