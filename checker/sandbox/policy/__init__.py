"""The sandbox's policy evaluation, independent of `checker.iam`, so that each can be tested against the other."""
