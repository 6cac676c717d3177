data "terraform_remote_state" "contact_center" {
  backend = "s3"
  config = {
    bucket = "example-terraform-state"
    key    = "contact-center/terraform.tfstate"
    region = "us-east-1"
  }
}

locals {
  contact_center = data.terraform_remote_state.contact_center.outputs
}

resource "aws_sns_topic" "chat" {
  name = "chat-stream"
}

resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
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
      values   = [local.contact_center.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.contact_center.connect_instance_arn]
    }
  }
}
