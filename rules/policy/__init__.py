"""Rules about the text of any resource-based policy."""
