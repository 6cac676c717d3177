data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

variable "connect_instance_arn" { type = string }
variable "fifo" {
  type    = bool
  default = true
}
locals { suffix = var.fifo ? ".fifo" : "" }

resource "aws_sns_topic" "chat" {
  for_each                    = toset(["sales", "support"])
  name                        = "chat-${each.key}${local.suffix}"
  fifo_topic                  = var.fifo
  content_based_deduplication = var.fifo
}
resource "aws_sns_topic_policy" "chat" {
  for_each = aws_sns_topic.chat
  arn      = each.value.arn
  policy   = data.aws_iam_policy_document.topic[each.key].json
}

data "aws_iam_policy_document" "topic" {
  for_each = aws_sns_topic.chat

  statement {
    sid       = "AllowConnectPublish"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [each.value.arn]

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
}
