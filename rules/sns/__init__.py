"""Rules about the topic and its policy."""
