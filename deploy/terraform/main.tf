data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account      = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  region       = data.aws_region.current.name
  organization = var.organization_id != ""
  news         = var.topic_arn != ""
  member_role  = "${var.name}-member"
  bucket       = "${var.name}-results-${local.account}-${local.region}"

  # ARNs are built from names, so that a plan shows every policy in full.
  bucket_arn     = "arn:${local.partition}:s3:::${local.bucket}"
  cluster_arn    = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.name}"
  nightly_arn    = "arn:${local.partition}:iam::${local.account}:role/${var.name}-nightly"
  execution_arn  = "arn:${local.partition}:iam::${local.account}:role/${var.name}-execution"
  queue_arn      = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-changes"
  dead_arn       = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-changes-failed"
  nights_arn     = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-nights-failed"
  bus_arn        = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/${var.name}"
  task_family    = "arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${var.name}-nightly"
  schedule_group = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${var.name}"
  task_log_arn   = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/nightly"
  change_log_arn = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/on-change"

  environment = {
    AWS_DEFAULT_REGION   = local.region
    CHECKER_ACCOUNTS     = local.organization ? "organization" : ""
    CHECKER_BUCKET       = local.bucket
    CHECKER_DIGEST_TOPIC = var.topic_arn
    CHECKER_EXTERNAL_ID  = var.external_id
    CHECKER_REGIONS      = join(",", var.regions)
    CHECKER_ROLE_NAME    = local.organization ? local.member_role : ""
    CHECKER_SECURITY_HUB = tostring(var.security_hub)
    CHECKER_TOPIC_TAGS   = join(",", var.topic_tags)
  }
}

module "audit" {
  source       = "./audit"
  partition    = local.partition
  security_hub = var.security_hub
  topic_tags   = length(var.topic_tags) > 0
  member_role  = local.organization ? local.member_role : ""
}

# The nightly audit: a task, because an audit of an organization may take longer than the 15 minutes of a function.

resource "aws_ecs_cluster" "checker" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "disabled"
  }
}

resource "aws_ecs_task_definition" "nightly" {
  family                   = "${var.name}-nightly"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 4096
  task_role_arn            = aws_iam_role.nightly.arn
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Reports and the journal are written here until they are stored in the bucket.
  volume {
    name = "work"
  }

  container_definitions = jsonencode([{
    name                   = "checker"
    image                  = var.image
    essential              = true
    entryPoint             = ["/usr/bin/python3", "-m", "checker.app.hub.nightly"]
    readonlyRootFilesystem = true
    stopTimeout            = 120
    linuxParameters        = { initProcessEnabled = true }
    environment            = [for name, value in local.environment : { name = name, value = value }]
    mountPoints            = [{ sourceVolume = "work", containerPath = "/work", readOnly = false }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.nightly.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "checker"
      }
    }
  }])
}

resource "aws_cloudwatch_log_group" "nightly" {
  name              = "/${var.name}/nightly"
  retention_in_days = var.retention_days
}

resource "aws_scheduler_schedule_group" "checker" {
  name = var.name
}

resource "aws_scheduler_schedule" "nightly" {
  name                = "${var.name}-nightly"
  group_name          = aws_scheduler_schedule_group.checker.name
  schedule_expression = var.schedule

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_ecs_cluster.checker.arn
    role_arn = aws_iam_role.schedule.arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.nightly.arn
      launch_type         = "FARGATE"

      network_configuration {
        subnets         = var.subnet_ids
        security_groups = var.security_group_ids
      }
    }

    retry_policy {
      maximum_retry_attempts = 3
    }

    dead_letter_config {
      arn = aws_sqs_queue.nights_failed.arn
    }
  }
}

# A night is forgotten before the next one ends, so that each failed night is an alarm of its own.
resource "aws_sqs_queue" "nights_failed" {
  name                      = "${var.name}-nights-failed"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 57600
}

# On change: events of CloudTrail, a queue that collects them for 20 seconds, and a function that audits the accounts.

resource "aws_cloudwatch_event_bus" "members" {
  count = local.organization ? 1 : 0
  name  = var.name
}

resource "aws_cloudwatch_event_bus_policy" "members" {
  count          = local.organization ? 1 : 0
  event_bus_name = aws_cloudwatch_event_bus.members[0].name
  policy         = jsonencode(local.bus_policy)
}

resource "aws_cloudwatch_event_rule" "members" {
  count          = local.organization ? 1 : 0
  name           = "${var.name}-members"
  event_bus_name = aws_cloudwatch_event_bus.members[0].name
  description    = "Changes of chat streams in member accounts"
  event_pattern  = jsonencode(module.audit.event_pattern)
}

resource "aws_cloudwatch_event_target" "members" {
  count          = local.organization ? 1 : 0
  rule           = aws_cloudwatch_event_rule.members[0].name
  event_bus_name = aws_cloudwatch_event_bus.members[0].name
  arn            = aws_sqs_queue.changes.arn

  dead_letter_config {
    arn = aws_sqs_queue.failed.arn
  }
}

resource "aws_cloudwatch_event_rule" "own" {
  name          = "${var.name}-own"
  description   = "Changes of chat streams in this account and Region"
  event_pattern = jsonencode(module.audit.event_pattern)
}

resource "aws_cloudwatch_event_target" "own" {
  rule = aws_cloudwatch_event_rule.own.name
  arn  = aws_sqs_queue.changes.arn

  dead_letter_config {
    arn = aws_sqs_queue.failed.arn
  }
}

resource "aws_sqs_queue" "changes" {
  name                       = "${var.name}-changes"
  sqs_managed_sse_enabled    = true
  message_retention_seconds  = 86400
  visibility_timeout_seconds = 1800

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failed.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "failed" {
  name                      = "${var.name}-changes-failed"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue_policy" "changes" {
  queue_url = aws_sqs_queue.changes.id
  policy    = jsonencode(local.queue_policy)
}

resource "aws_sqs_queue_policy" "failed" {
  queue_url = aws_sqs_queue.failed.id
  policy    = jsonencode(local.failed_policy)
}

resource "aws_sqs_queue_policy" "nights_failed" {
  queue_url = aws_sqs_queue.nights_failed.id
  policy    = jsonencode(local.nights_failed_policy)
}

resource "aws_lambda_function" "on_change" {
  function_name = "${var.name}-on-change"
  description   = "Audits accounts after a change"
  role          = aws_iam_role.on_change.arn
  package_type  = "Image"
  image_uri     = var.image
  timeout       = 300
  memory_size   = 1024

  image_config {
    entry_point = ["/usr/bin/python3", "-m", "awslambdaric"]
    command     = ["checker.app.hub.on_change.handler"]
  }

  environment {
    variables = { for name, value in local.environment : name => value if name != "AWS_DEFAULT_REGION" }
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.on_change.name
  }
}

resource "aws_cloudwatch_log_group" "on_change" {
  name              = "/${var.name}/on-change"
  retention_in_days = var.retention_days
}

resource "aws_lambda_event_source_mapping" "changes" {
  event_source_arn                   = aws_sqs_queue.changes.arn
  function_name                      = aws_lambda_function.on_change.arn
  batch_size                         = 10
  maximum_batching_window_in_seconds = 20
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 5
  }

  # Lambda checks that the function may receive messages.
  depends_on = [aws_iam_role_policy.on_change]
}
