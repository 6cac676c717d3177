include "root" {
  path   = find_in_parent_folders("root.hcl", "fallback.hcl")
  expose = true
}
locals {
  account = read_terragrunt_config("values.hcl", { locals = { id = "111122223333" } }).locals.id
  region  = get_env("REGION", "us-east-1")
}
terraform { source = ".//module?ref=v1" }
dependency "connect" {
  config_path  = "../connect"
  mock_outputs = { arn = "arn:aws:connect:${local.region}:${local.account}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d" }
}
generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite"
  contents  = <<EOF
provider "aws" { region = "us-east-1" }
EOF
}
inputs = merge({ policy = null }, { instance_arn = dependency.connect.outputs.arn })
