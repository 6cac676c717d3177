"""Expectations: statements of a user about who may do what, proven for each topic and key."""
