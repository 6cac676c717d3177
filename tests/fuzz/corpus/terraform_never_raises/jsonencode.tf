data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.name
  topic_name = "${var.prefix}-chat-stream"
  topic_arn  = "arn:aws:sns:${local.region}:${local.account_id}:${local.topic_name}"
}

resource "aws_sns_topic" "chat_stream" {
  name = local.topic_name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ConnectPublish"
        Effect    = "Allow"
        Principal = { Service = "connect.amazonaws.com" }
        Action    = "SNS:Publish"
        Resource  = local.topic_arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:aws:connect:${local.region}:${local.account_id}:instance/${var.connect_instance_id}" }
        }
      },
      {
        Sid       = "DenyInsecure"
        Effect    = "Deny"
        Principal = "*"
        Action    = "SNS:Publish"
        Resource  = local.topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }
    ]
  })
}

resource "aws_sqs_queue" "chat" {
  name                      = "chat-messages"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sns_topic_subscription" "chat" {
  topic_arn = aws_sns_topic.chat_stream.arn
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
      values   = [aws_sns_topic.chat_stream.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "chat" {
  queue_url = aws_sqs_queue.chat.id
  policy    = data.aws_iam_policy_document.queue.json
}
