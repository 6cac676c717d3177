"""Reads Terraform modules, plans and states as declarations."""
