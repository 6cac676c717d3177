"""Folds CloudTrail events into contacts and the topics that they stream to."""
