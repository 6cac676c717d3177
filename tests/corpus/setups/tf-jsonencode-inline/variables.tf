variable "prefix" { type = string }
variable "connect_instance_id" {
  type        = string
  description = "Instance id (UUID)"
}
