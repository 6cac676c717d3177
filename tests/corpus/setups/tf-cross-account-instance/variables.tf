variable "region" {
  type = string
}
variable "contact_center_account_id" {
  type = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.contact_center_account_id))
    error_message = "12 digits"
  }
}
variable "connect_instance_id" {
  type = string
}
