provider "aws" {
  region = "us-west-2"
  default_tags {
    tags = { managed-by = "terraform" }
  }
}
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

data "aws_connect_instance" "main" {
  instance_alias = var.connect_instance_alias
}

variable "connect_instance_alias" {
  description = "Alias of the existing Amazon Connect instance"
  type        = string
}

resource "aws_kms_key" "sns" {
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.kms.json
}

resource "aws_kms_alias" "sns" {
  name          = "alias/connect-chat-sns"
  target_key_id = aws_kms_key.sns.id
}

resource "aws_sns_topic" "chat" {
  name              = "connect-chat-messages"
  kms_master_key_id = aws_kms_alias.sns.name
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
      values   = [data.aws_connect_instance.main.arn]
    }
  }
}

data "aws_iam_policy_document" "kms" {
  statement {
    sid       = "EnableRoot"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    sid       = "AllowConnect"
    actions   = ["kms:GenerateDataKey*", "kms:Decrypt"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_subscription" "lambda" {
  topic_arn = aws_sns_topic.chat.arn
  protocol  = "lambda"
  endpoint  = var.handler_lambda_arn
}
variable "handler_lambda_arn" { type = string }
