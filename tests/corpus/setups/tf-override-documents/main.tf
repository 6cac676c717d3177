data "aws_caller_identity" "current" {}

variable "instance_arn" {
  type        = string
  description = "ARN of the Amazon Connect instance"
}

resource "aws_sns_topic" "chat" {
  name = "chat-stream"
}

data "aws_iam_policy_document" "baseline" {
  statement {
    sid       = "OwnerAdministers"
    actions   = ["sns:Subscribe", "sns:GetTopicAttributes"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "AWS"
      identifiers = [data.aws_caller_identity.current.account_id]
    }
  }

  statement {
    sid       = "ServicePublishes"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "pinned" {
  statement {
    sid       = "ServicePublishes"
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
      values   = [var.instance_arn]
    }
  }
}

data "aws_iam_policy_document" "chat" {
  source_policy_documents   = [data.aws_iam_policy_document.baseline.json]
  override_policy_documents = [data.aws_iam_policy_document.pinned.json]
}

resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}
