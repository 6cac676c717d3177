"""CloudFormation templates, SAM's and CDK's among them, read as declarations."""
