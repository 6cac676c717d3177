"""Reads CloudFormation, SAM and CDK templates as declarations."""
