provider "aws" {
  region = "eu-west-2"
}

provider "aws" {
  alias  = "sydney"
  region = "ap-southeast-2"
}

resource "aws_connect_instance" "london" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
  instance_alias           = "example-london"
}

resource "aws_connect_instance" "sydney" {
  provider = aws.sydney

  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
  instance_alias           = "example-sydney"
}

module "london" {
  source       = "./streaming"
  instance_arn = aws_connect_instance.london.arn
}

module "sydney" {
  source       = "./streaming"
  instance_arn = aws_connect_instance.sydney.arn
  providers    = { aws = aws.sydney }
}
