data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

# Fails for a Region that does not exist, to which no event would ever be sent.
data "aws_region" "hub" {
  name = var.hub_region
}

locals {
  account     = data.aws_caller_identity.current.account_id
  partition   = data.aws_partition.current.partition
  bus_arn     = "arn:${local.partition}:events:${data.aws_region.hub.name}:${var.hub_account}:event-bus/${var.name}"
  forward_arn = "arn:${local.partition}:iam::${local.account}:role/${var.name}-forward"
  hub_roles   = [for role in ["nightly", "on-change"] : "arn:${local.partition}:iam::${var.hub_account}:role/${var.name}-${role}"]

  # Only two roles of the hub, and only in this organization.
  member_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AuditFromHub"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${var.hub_account}:root" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:PrincipalOrgID" = var.organization_id, "sts:ExternalId" = var.external_id }
        ArnEquals    = { "aws:PrincipalArn" = local.hub_roles }
      }
    }]
  }

  forward_policy = {
    Version   = "2012-10-17"
    Statement = [{ Sid = "ForwardEvents", Effect = "Allow", Action = "events:PutEvents", Resource = local.bus_arn }]
  }

  forward_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ForwardEvents"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:events:*:${local.account}:rule/${var.name}-forward" }
      }
    }]
  }
}

module "audit" {
  source       = "../audit"
  partition    = local.partition
  security_hub = var.security_hub
  topic_tags   = var.topic_tags
}

resource "aws_iam_role" "member" {
  count              = var.create_roles ? 1 : 0
  name               = "${var.name}-member"
  description        = "Lets the hub audit chat streams"
  assume_role_policy = jsonencode(local.member_trust)
}

resource "aws_iam_role_policy" "member" {
  count  = var.create_roles ? 1 : 0
  name   = "audit"
  role   = aws_iam_role.member[0].id
  policy = jsonencode({ Version = "2012-10-17", Statement = module.audit.statements })
}

resource "aws_iam_role" "forward" {
  count              = var.create_roles ? 1 : 0
  name               = "${var.name}-forward"
  description        = "Sends changes of chat streams to the hub"
  assume_role_policy = jsonencode(local.forward_trust)
}

resource "aws_iam_role_policy" "forward" {
  count  = var.create_roles ? 1 : 0
  name   = "forward"
  role   = aws_iam_role.forward[0].id
  policy = jsonencode(local.forward_policy)
}

resource "aws_cloudwatch_event_rule" "forward" {
  name          = "${var.name}-forward"
  description   = "Changes of chat streams in this account and Region"
  event_pattern = jsonencode(module.audit.event_pattern)
}

resource "aws_cloudwatch_event_target" "forward" {
  rule     = aws_cloudwatch_event_rule.forward.name
  arn      = local.bus_arn
  role_arn = local.forward_arn

  depends_on = [aws_iam_role_policy.forward]
}
