module "east" {
  source              = "./stream"
  connect_instance_id = var.connect_instance_ids["us-east-1"]
}

module "west" {
  source              = "./stream"
  connect_instance_id = var.connect_instance_ids["us-west-2"]
  providers = {
    aws = aws.west
  }
}

variable "connect_instance_ids" {
  type = map(string)
}
output "topics" {
  value = { east = module.east.topic_arn, west = module.west.topic_arn }
}
