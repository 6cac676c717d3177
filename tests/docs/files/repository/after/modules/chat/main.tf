data "aws_caller_identity" "current" {}

resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}

resource "aws_kms_key" "chat" {}

resource "aws_sns_topic" "chat" {
  name              = "chat"
  kms_master_key_id = aws_kms_key.chat.arn
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
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
      }
    }]
  })
}

resource "aws_kms_key_policy" "chat" {
  key_id = aws_kms_key.chat.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Administer"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "AllowConnect"
        Effect    = "Allow"
        Principal = { Service = "connect.amazonaws.com" }
        Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
        Resource  = "*"
      },
    ]
  })
}
