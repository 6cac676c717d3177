"""Rules about the Connect instance and its contacts."""
