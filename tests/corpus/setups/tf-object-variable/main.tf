variable "connect" {
  description = "The Amazon Connect instance of this environment"
  type = object({
    instance_arn = string
    account_id   = string
  })
}

variable "topics" {
  type = map(object({
    display_name = string
    retention    = optional(number, 4)
  }))
  default = {
    sales   = { display_name = "Sales chats" }
    support = { display_name = "Support chats", retention = 14 }
  }
}

resource "aws_sns_topic" "chat" {
  for_each     = var.topics
  name         = "chat-${each.key}"
  display_name = each.value.display_name
}

resource "aws_sns_topic_policy" "chat" {
  for_each = aws_sns_topic.chat

  arn = each.value.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Connect"
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = each.value.arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.connect.account_id }
        ArnEquals    = { "aws:SourceArn" = var.connect.instance_arn }
      }
    }]
  })
}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}
