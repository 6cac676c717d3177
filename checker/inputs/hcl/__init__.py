"""Terraform's own files: parsed with positions, evaluated as far as they can be, and read as declarations."""
