"""Live AWS accounts: what is read there, and what is sent there. The only home of boto3 beside the sandbox."""
