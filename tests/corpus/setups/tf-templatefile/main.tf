data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_connect_instance" "contact_center" {
  identity_management_type = "SAML"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
  instance_alias           = "support-center"
}

resource "aws_sns_topic" "chat" {
  name              = "support-chat"
  kms_master_key_id = aws_kms_key.chat.arn
}

resource "aws_kms_key" "chat" {
  description = "CMK for SNS chat topic"
  policy = templatefile("${path.module}/policies/key.json.tftpl", {
    account_id = data.aws_caller_identity.current.account_id
    services   = ["connect.amazonaws.com"]
  })
}

resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = templatefile("${path.module}/policies/topic.json.tftpl", {
    topic_arn    = aws_sns_topic.chat.arn
    instance_arn = aws_connect_instance.contact_center.arn
    account_id   = data.aws_caller_identity.current.account_id
  })
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
