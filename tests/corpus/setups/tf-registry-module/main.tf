data "aws_caller_identity" "current" {}

resource "aws_connect_instance" "this" {
  identity_management_type = "SAML"
  instance_alias           = var.alias
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}

module "chat_topic" {
  source = "./modules/sns"

  name              = "chat-stream"
  kms_master_key_id = module.kms.key_id

  topic_policy_statements = {
    connect = {
      actions    = ["sns:Publish"]
      principals = [{ type = "Service", identifiers = ["connect.amazonaws.com"] }]
      conditions = [
        { test = "StringEquals", variable = "aws:SourceAccount", values = [data.aws_caller_identity.current.account_id] },
        { test = "ArnEquals", variable = "aws:SourceArn", values = [aws_connect_instance.this.arn] },
      ]
    }
  }
}

module "kms" {
  source = "./modules/kms"

  description = "Encrypts chat messages"
  key_statements = [{
    sid        = "ConnectPublishes"
    actions    = ["kms:Decrypt", "kms:GenerateDataKey*"]
    principals = [{ type = "Service", identifiers = ["connect.amazonaws.com"] }]
  }]
}

variable "alias" {
  type = string
}
