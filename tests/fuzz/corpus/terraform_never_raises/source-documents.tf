data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_connect_instance" "cc" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
  instance_alias           = terraform.workspace
}

resource "aws_sns_topic" "chat" {
  name = "chat-${terraform.workspace}"
}

data "aws_iam_policy_document" "tls" {
  statement {
    sid       = "EnforceTLS"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

data "aws_iam_policy_document" "combined" {
  source_policy_documents = [
    data.aws_iam_policy_document.tls.json,
    data.aws_iam_policy_document.connect.json,
  ]
}

resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.combined.json
}

data "aws_iam_policy_document" "connect" {
  statement {
    sid       = "AllowConnectPublish"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]

    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_connect_instance.cc.arn]
    }
  }
}

resource "aws_sqs_queue" "chat" {
  name                      = "chat-messages"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sns_topic_subscription" "chat" {
  topic_arn = aws_sns_topic.chat.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.chat.arn
}

data "aws_iam_policy_document" "queue" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.chat.arn]
    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_sns_topic.chat.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "chat" {
  queue_url = aws_sqs_queue.chat.id
  policy    = data.aws_iam_policy_document.queue.json
}
