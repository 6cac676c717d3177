variable "create" {
  type    = bool
  default = true
}
variable "create_topic_policy" {
  type    = bool
  default = true
}
variable "name" {
  type    = string
  default = null
}
variable "use_name_prefix" {
  type    = bool
  default = false
}
variable "kms_master_key_id" {
  type    = string
  default = null
}
variable "source_topic_policy_documents" {
  type    = list(string)
  default = []
}
variable "override_topic_policy_documents" {
  type    = list(string)
  default = []
}
variable "topic_policy_statements" {
  type    = any
  default = {}
}
