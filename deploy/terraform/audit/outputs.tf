output "statements" {
  description = "Statements of the IAM policy of an audit."
  value       = local.audit_statements
}

output "event_pattern" {
  description = "Pattern of EventBridge for the calls that may change a chat stream."
  value       = local.event_pattern
}
