"""Rules about what a user expects of topics and keys."""
