"""Decides, with proof, whether Amazon Connect can stream chat messages to an Amazon SNS topic."""

__version__ = "0.1.0"
