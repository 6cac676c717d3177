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

  validation {
    condition     = can(regex("^arn:[a-z-]+:ecr:[a-z0-9-]+:[0-9]{12}:repository/[^*]+$", var.repository_arn))
    error_message = "Use the ARN of a repository in Amazon ECR."
  }
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

  validation {
    condition     = can(regex("^(o-[a-z0-9]{10,32})?$", var.organization_id))
    error_message = "Use the ID of an organization, such as o-a1b2c3d4e5."
  }
}

variable "external_id" {
  description = "External ID of the roles in member accounts. Needed with organization_id."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([A-Za-z0-9_+=,.@:/-]{2,})?$", var.external_id))
    error_message = "Use at least 2 letters, digits and characters of _+=,.@:/-"
  }
}

variable "security_hub" {
  description = "Send findings to Security Hub in each account and Region."
  type        = bool
  default     = false
}

variable "regions" {
  description = "Regions of the nightly audit. Empty: all that are enabled in each account."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for region in var.regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", region))])
    error_message = "Use names of Regions, such as us-east-1."
  }
}

variable "topic_tags" {
  description = "Tags of topics in scope, as KEY or KEY=VALUE, besides those that are connected to Amazon Connect."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for tag in var.topic_tags : can(regex("^[^,]+$", tag))])
    error_message = "Use tags without commas."
  }
}

variable "topic_arn" {
  description = "SNS topic in the Region of the hub for the digest of each night and for alarms. Empty: neither is sent."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$", var.topic_arn))
    error_message = "Use the ARN of an SNS topic."
  }
}

variable "silent_hours" {
  description = "Hours without a nightly audit after which there is an alarm."
  type        = number
  default     = 26

  validation {
    condition     = var.silent_hours >= 1 && var.silent_hours <= 168
    error_message = "Use 1 to 168 hours, more than between two audits."
  }
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

  validation {
    condition     = contains([30, 90, 180, 365, 731], var.retention_days)
    error_message = "Use 30, 90, 180, 365 or 731 days."
  }
}
