variable "name" {
  description = "The name that the hub has."
  type        = string
  default     = "checker"
}

variable "hub_account" {
  description = "ID of the account that runs the audits."
  type        = string
}

variable "hub_region" {
  description = "Region in which the audits run."
  type        = string
}

variable "organization_id" {
  description = "ID of the organization, such as o-a1b2c3d4e5."
  type        = string
}

variable "external_id" {
  description = "External ID that the hub uses."
  type        = string
}

variable "security_hub" {
  description = "Allow the hub to send findings to Security Hub."
  type        = bool
  default     = false
}

variable "create_roles" {
  description = "Create the roles of the account. True in one Region of each account, false in the others."
  type        = bool
  default     = true
}
