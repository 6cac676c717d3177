"""What SNS and KMS refuse in a policy that is well formed, or store without giving it the effect it seems to have.

SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
KMS: https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
"""
