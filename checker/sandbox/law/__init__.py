"""The sandbox's own reading of a policy: written apart from `checker.iam`, so that each can be held against the other."""
