data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}

resource "aws_kms_key" "this" {
  count = var.create ? 1 : 0

  description         = var.description
  enable_key_rotation = true
  policy              = coalesce(var.policy, data.aws_iam_policy_document.this[0].json)
}

data "aws_iam_policy_document" "this" {
  count = var.create ? 1 : 0

  dynamic "statement" {
    for_each = var.enable_default_policy ? [1] : []

    content {
      sid       = "Default"
      actions   = ["kms:*"]
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.key_statements

    content {
      sid       = try(statement.value.sid, null)
      actions   = try(statement.value.actions, null)
      resources = try(statement.value.resources, ["*"])

      dynamic "principals" {
        for_each = try(statement.value.principals, [])

        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }
    }
  }
}

output "key_id" {
  value = try(aws_kms_key.this[0].key_id, null)
}

variable "create" {
  type    = bool
  default = true
}
variable "description" {
  type    = string
  default = null
}
variable "policy" {
  type    = string
  default = null
}
variable "enable_default_policy" {
  type    = bool
  default = true
}
variable "key_statements" {
  type    = any
  default = []
}
