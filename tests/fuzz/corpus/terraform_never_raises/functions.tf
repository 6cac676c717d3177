locals {
  accounts = { dev = "111122223333", prod = "444455556666" }
  arns     = [for n, a in local.accounts : format("arn:aws:connect:%s:%s:instance/*", "us-east-1", a) if n != "x"]
  first    = try(element(sort(distinct(values(local.accounts))), 0), null)
}
resource "aws_sns_topic" "chat" {
  for_each = toset(keys(local.accounts))
  name     = "chat-${each.key}"
  policy = jsonencode(merge({ Version = "2012-10-17" }, { Statement = [{
    Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }, Action = "sns:Publish", Resource = "*"
    Condition = { ArnLike = { "aws:SourceArn" = local.arns[*] } }
  }] }))
}
