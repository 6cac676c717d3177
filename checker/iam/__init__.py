"""Evaluation of resource-based policies as AWS documents it, and proofs over all requests.

Pure functions that use only the standard library: no I/O, no clock, no exception for any policy. Where AWS does
not document the result, the answer is Unknown.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""
