"""The law: what AWS documents about evaluating a resource-based policy, and proofs over all requests.

Pure and total: standard library only, no I/O, no clock, never raises on any policy. Where no source
settles a question the answer is Unknown. One module a statement element.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""
