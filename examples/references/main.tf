variable "instance_account" {
  type = string
}

data "aws_caller_identity" "current" {}

resource "aws_connect_instance" "support" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = false
  instance_alias           = "support"
}

resource "aws_sns_topic" "chat" {
  name = "chat"
}

resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowConnect"
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.chat.arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.instance_account }
        ArnEquals    = { "aws:SourceArn" = aws_connect_instance.support.arn }
      }
    }]
  })
}
