locals {
  brands = {
    acme   = { instance = var.acme_instance_arn, retention = 4 }
    globex = { instance = var.globex_instance_arn, retention = 14 }
  }
}
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_sns_topic" "chat" {
  for_each = local.brands
  name     = "connect-chat-${each.key}"
}

resource "aws_sns_topic_policy" "chat" {
  for_each = local.brands
  arn      = aws_sns_topic.chat[each.key].arn
  policy   = data.aws_iam_policy_document.chat[each.key].json
}

data "aws_iam_policy_document" "chat" {
  for_each = local.brands

  statement {
    sid       = "AllowConnectPublish"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat[each.key].arn]

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
      values   = [each.value.instance]
    }
  }
}

resource "aws_sqs_queue" "chat" {
  for_each                  = local.brands
  name                      = "connect-chat-${each.key}"
  message_retention_seconds = each.value.retention * 86400
}

resource "aws_sqs_queue_policy" "chat" {
  for_each  = local.brands
  queue_url = aws_sqs_queue.chat[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.chat[each.key].arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.chat[each.key].arn } }
    }]
  })
}

resource "aws_sns_topic_subscription" "chat" {
  for_each             = aws_sns_topic.chat
  topic_arn            = each.value.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.chat[each.key].arn
  raw_message_delivery = true
}
