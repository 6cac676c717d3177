# What the hub and its members share: the permissions of `checker permissions audit`, and the calls that start an audit.

locals {
  listing = concat(
    [
      "cloudtrail:LookupEvents",
      "connect:DescribeInstance",
      "connect:ListInstances",
      "ds:DescribeDirectories",
      "ec2:DescribeRegions",
      "kms:ListAliases",
    ],
    [for action in ["organizations:ListAccounts"] : action if var.member_role != ""],
    [for action in ["securityhub:GetFindings"] : action if var.security_hub],
    ["sns:ListSubscriptions", "sns:ListTopics"],
    [for action in ["tag:GetResources"] : action if var.topic_tags],
  )

  audit_statements = concat(
    [
      { Sid = "ListTopicsAndInstances", Effect = "Allow", Action = local.listing, Resource = "*" },
      {
        Sid      = "ReadTopics"
        Effect   = "Allow"
        Action   = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"]
        Resource = "arn:${var.partition}:sns:*:*:*"
      },
      {
        Sid      = "ReadKeys"
        Effect   = "Allow"
        Action   = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"]
        Resource = "arn:${var.partition}:kms:*:*:key/*"
      },
      { Sid = "ReadSubscriptions", Effect = "Allow", Action = "sns:GetSubscriptionAttributes", Resource = "*" },
      {
        Sid      = "ReadFunctions"
        Effect   = "Allow"
        Action   = "lambda:GetPolicy"
        Resource = "arn:${var.partition}:lambda:*:*:function:*"
      },
      {
        Sid      = "ReadQueues"
        Effect   = "Allow"
        Action   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
        Resource = "arn:${var.partition}:sqs:*:*:*"
      },
      {
        Sid      = "ReadStreams"
        Effect   = "Allow"
        Action   = "firehose:DescribeDeliveryStream"
        Resource = "arn:${var.partition}:firehose:*:*:deliverystream/*"
      },
      {
        Sid    = "ReadRoles"
        Effect = "Allow"
        Action = [
          "iam:GetPolicy",
          "iam:GetPolicyVersion",
          "iam:GetRole",
          "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies",
          "iam:ListRolePolicies",
        ]
        Resource = ["arn:${var.partition}:iam::*:policy/*", "arn:${var.partition}:iam::*:role/*"]
      },
    ],
    [for statement in [{
      Sid       = "AssumeRoles"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Resource  = "arn:${var.partition}:iam::*:role/${var.member_role}"
      Condition = { StringEquals = { "aws:ResourceOrgID" = "$${aws:PrincipalOrgID}" } }
    }] : statement if var.member_role != ""],
    [for statement in [{
      Sid      = "ImportFindings"
      Effect   = "Allow"
      Action   = "securityhub:BatchImportFindings"
      Resource = "arn:${var.partition}:securityhub:*:*:product/*/default"
    }] : statement if var.security_hub],
  )

  event_pattern = {
    source        = ["aws.connect", "aws.kms", "aws.sns"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["connect.amazonaws.com", "kms.amazonaws.com", "sns.amazonaws.com"]
      eventName = [
        "AddPermission",
        "CancelKeyDeletion",
        "ConfirmSubscription",
        "CreateAlias",
        "CreateGrant",
        "CreateTopic",
        "DeleteAlias",
        "DeleteImportedKeyMaterial",
        "DeleteInstance",
        "DeleteTopic",
        "DisableKey",
        "EnableKey",
        "ImportKeyMaterial",
        "PutKeyPolicy",
        "RemovePermission",
        "RetireGrant",
        "RevokeGrant",
        "ScheduleKeyDeletion",
        "SetSubscriptionAttributes",
        "SetTopicAttributes",
        "StartContactStreaming",
        "Subscribe",
        "Unsubscribe",
        "UpdateAlias",
      ]
      errorCode = [{ exists = false }]
    }
  }
}
