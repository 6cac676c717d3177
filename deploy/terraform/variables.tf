variable "name" {
  description = "Name of the resources, and prefix of the names of roles."
  type        = string
  default     = "checker"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower case letters, digits and hyphens."
  }
}

variable "image" {
  description = "Image of checker, with its digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY@sha256:DIGEST."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[^@]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name an image in Amazon ECR by its digest, so that it cannot be replaced."
  }
}

variable "repository_arn" {
  description = "ARN of the repository of the image."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the nightly task. They need a route to the AWS APIs, such as a NAT gateway."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the nightly task. It needs outbound HTTPS and nothing inbound."
  type        = list(string)
}

variable "organization_id" {
  description = "ID of the organization to audit, such as o-a1b2c3d4e5. Empty: only this account."
  type        = string
  default     = ""
}

variable "external_id" {
  description = "External ID of the roles in member accounts. Needed with organization_id."
  type        = string
  default     = ""
}

variable "security_hub" {
  description = "Send findings to Security Hub in each account and Region."
  type        = bool
  default     = false
}

variable "schedule" {
  description = "When the nightly audit starts, as an expression of EventBridge Scheduler (UTC)."
  type        = string
  default     = "cron(0 2 * * ? *)"
}

variable "retention_days" {
  description = "Days after which logs and results are deleted."
  type        = number
  default     = 365
}
