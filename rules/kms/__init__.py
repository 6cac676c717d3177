"""Rules about the KMS key of an encrypted topic."""
