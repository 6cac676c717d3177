locals {
  tags = merge(var.tags, {
    Project     = var.project
    Environment = var.environment
  })
}
