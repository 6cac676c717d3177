"""Reads Terragrunt units: modules that a `terragrunt.hcl` deploys with the values of its inputs."""
