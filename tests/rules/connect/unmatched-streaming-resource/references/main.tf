resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}

data "aws_iam_policy_document" "start" {
  statement {
    sid       = "Stream"
    actions   = ["connect:StartContactStreaming"]
    resources = ["${aws_connect_instance.this.arn}/contact/*"]
  }

  statement {
    sid       = "Chat"
    actions   = ["connect:StartChatContact"]
    resources = [aws_connect_instance.this.arn]
  }
}

resource "aws_iam_role_policy" "start" {
  role   = aws_iam_role.starter.id
  policy = data.aws_iam_policy_document.start.json
}

resource "aws_iam_role" "starter" {
  name               = "starter"
  assume_role_policy = jsonencode({})
}
