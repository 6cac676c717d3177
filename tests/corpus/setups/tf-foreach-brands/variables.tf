variable "acme_instance_arn" {
  type = string
  validation {
    condition     = can(regex("^arn:aws:connect:[a-z0-9-]+:[0-9]{12}:instance/[0-9a-f-]{36}$", var.acme_instance_arn))
    error_message = "Must be a Connect instance ARN."
  }
}
variable "globex_instance_arn" {
  type = string
  validation {
    condition     = can(regex("^arn:aws:connect:[a-z0-9-]+:[0-9]{12}:instance/[0-9a-f-]{36}$", var.globex_instance_arn))
    error_message = "Must be a Connect instance ARN."
  }
}
