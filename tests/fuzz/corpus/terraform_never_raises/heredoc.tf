variable "aws_account_id" {
  type = string
}
variable "aws_region" {
  type    = string
  default = "us-east-1"
}
variable "connect_instance_id" {}

provider "aws" {
  region              = var.aws_region
  allowed_account_ids = [var.aws_account_id]
}

resource "aws_sns_topic" "chat" {
  name         = "connect-chat-stream"
  display_name = "Connect chat"
}

resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn

  policy = <<POLICY
{
  "Version": "2008-10-17",
  "Id": "__default_policy_ID",
  "Statement": [
    {
      "Sid": "AllowConnect",
      "Effect": "Allow",
      "Principal": {
        "Service": ["connect.amazonaws.com"]
      },
      "Action": ["sns:Publish"],
      "Resource": "${aws_sns_topic.chat.arn}",
      "Condition": {
        "StringEquals": {
          "aws:SourceAccount": "${var.aws_account_id}"
        },
        "ArnEquals": {
          "aws:SourceArn": "arn:aws:connect:${var.aws_region}:${var.aws_account_id}:instance/${var.connect_instance_id}"
        }
      }
    }
  ]
}
POLICY
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
