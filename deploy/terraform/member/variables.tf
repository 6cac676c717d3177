variable "name" {
  description = "The name that the hub has."
  type        = string
  default     = "checker"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower case letters, digits and hyphens."
  }
}

variable "hub_account" {
  description = "ID of the account that runs the audits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.hub_account))
    error_message = "Use an account ID, which has 12 digits."
  }
}

variable "hub_region" {
  description = "Region in which the audits run."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.hub_region))
    error_message = "Use the name of a Region, such as us-east-1."
  }
}

variable "organization_id" {
  description = "ID of the organization, such as o-a1b2c3d4e5."
  type        = string

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "Use the ID of an organization, such as o-a1b2c3d4e5."
  }
}

variable "external_id" {
  description = "External ID that the hub uses."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]{2,}$", var.external_id))
    error_message = "Use at least 2 letters, digits and characters of _+=,.@:/-"
  }
}

variable "security_hub" {
  description = "Allow the hub to send findings to Security Hub."
  type        = bool
  default     = false
}

variable "topic_tags" {
  description = "Allow the hub to find topics by their tags."
  type        = bool
  default     = false
}

variable "create_roles" {
  description = "Create the roles of the account. True in one Region of each account, false in the others."
  type        = bool
  default     = true
}
