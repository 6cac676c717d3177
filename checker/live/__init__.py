"""Read from and write to live AWS accounts. Besides the sandbox, only this package uses boto3."""
