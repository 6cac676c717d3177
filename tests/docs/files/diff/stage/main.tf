variable "partner" {
  type = string
}

resource "aws_sns_topic" "chat" {
  name = "chat"
}

resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowPartner"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::444455556666:root" }
      Action    = "sns:Subscribe"
      Resource  = aws_sns_topic.chat.arn
    }]
  })
}
