variable "partition" {
  description = "Partition of AWS, such as aws."
  type        = string
}

variable "security_hub" {
  description = "Send findings to Security Hub."
  type        = bool
}

variable "topic_tags" {
  description = "Find topics by their tags."
  type        = bool
}

variable "member_role" {
  description = "Name of the role to assume in the members of the organization; empty for an audit of one account."
  type        = string
  default     = ""
}
