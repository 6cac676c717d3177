variable "connect_instance_arns" {
  description = "Instances that may stream chats"
  type        = list(string)
}

locals {
  accounts = distinct([for a in var.connect_instance_arns : element(split(":", a), 4)])
}

resource "aws_sns_topic" "chat" {
  name = "chat"
}

resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.topic.json
}

data "aws_iam_policy_document" "topic" {
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
      values   = local.accounts
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = var.connect_instance_arns
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
