output "bucket" {
  description = "Name of the bucket for results."
  value       = local.bucket
}

output "hub_roles" {
  description = "ARNs of the roles that assume the role in member accounts."
  value       = [local.nightly_arn, "arn:${local.partition}:iam::${local.account}:role/${var.name}-on-change"]
}

output "event_bus_arn" {
  description = "ARN of the event bus for the rules in member accounts; empty without an organization."
  value       = local.organization ? local.bus_arn : ""
}

output "member_role_name" {
  description = "Name of the role in member accounts."
  value       = local.member_role
}
