data "aws_caller_identity" "current" {}

data "aws_ssm_parameter" "instance_arn" {
  name = "/contact-center/connect/instance-arn"
}

resource "aws_sns_topic" "chat" {
  name = "chat-stream"
}

data "aws_iam_policy_document" "chat" {
  statement {
    sid       = "ConnectPublishes"
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
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [data.aws_ssm_parameter.instance_arn.value]
    }
  }
}

resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}
