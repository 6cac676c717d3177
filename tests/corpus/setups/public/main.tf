data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

variable "connect_instance_arn" {}
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
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [var.connect_instance_arn]
    }
  }

  statement {
    sid       = "Subscribers"
    actions   = ["sns:Publish", "sns:Subscribe"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}
