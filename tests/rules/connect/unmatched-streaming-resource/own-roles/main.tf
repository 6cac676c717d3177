variable "instance_arn" {}

resource "aws_iam_role" "wrong" {
  assume_role_policy = jsonencode({})

  inline_policy {
    name = "stream"
    policy = jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "connect:StartContactStreaming", Resource = "${var.instance_arn}/contact/*" }]
    })
  }
}

resource "aws_iam_role_policy" "right" {
  role = "another-role"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "connect:StartContactStreaming", Resource = var.instance_arn }]
  })
}
