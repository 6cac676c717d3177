provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = false
  instance_alias           = "${var.project}-${var.environment}"
}

module "chat_topic" {
  source = "./modules/streaming-topic"

  name                 = "${var.project}-${var.environment}-chat"
  connect_instance_arn = aws_connect_instance.this.arn
  connect_account_id   = data.aws_caller_identity.current.account_id
  kms_key_id           = module.kms.key_id
  tags                 = local.tags
}

module "kms" {
  source      = "./modules/kms"
  alias       = "${var.project}-chat"
  description = "Chat streaming"
}

resource "aws_sqs_queue" "chat" {
  name                      = "chat-messages"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sns_topic_subscription" "chat" {
  topic_arn = module.chat_topic.arn
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
      values   = [module.chat_topic.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "chat" {
  queue_url = aws_sqs_queue.chat.id
  policy    = data.aws_iam_policy_document.queue.json
}
