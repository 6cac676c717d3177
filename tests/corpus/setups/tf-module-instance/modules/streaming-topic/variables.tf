variable "name" { type = string }
variable "connect_instance_arn" { type = string }
variable "connect_account_id" { type = string }
variable "kms_key_id" {
  type    = string
  default = null
}
variable "tags" {
  type    = map(string)
  default = {}
}
