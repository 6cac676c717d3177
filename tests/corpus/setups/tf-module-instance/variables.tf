variable "region" {
  type    = string
  default = "eu-central-1"
}
variable "project" {
  type = string
}
variable "environment" {
  type = string
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "dev or prod"
  }
}
variable "tags" {
  type    = map(string)
  default = {}
}
