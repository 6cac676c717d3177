# A night that fails is seen: alarms, and a queue that keeps why.

locals {
  alarm_actions = local.news ? [var.topic_arn] : []

  # A queue that should be empty, with the reason why it is not.
  failures = {
    "changes-failed" = "Changes that could not be audited"
    "nights-failed"  = "Nightly audits that are incomplete, failed or did not start"
  }

  failed_task_pattern = {
    source        = ["aws.ecs"]
    "detail-type" = ["ECS Task State Change"]
    detail = {
      clusterArn = [local.cluster_arn]
      lastStatus = ["STOPPED"]
      "$or" = [
        { containers = { exitCode = [{ numeric = [">=", 2] }] } },
        { stopCode = ["TaskFailedToStart"] },
      ]
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "failures" {
  for_each            = local.failures
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "${var.name}-${each.key}" }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "function_errors" {
  alarm_name          = "${var.name}-on-change-errors"
  alarm_description   = "The function for changes fails"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.on_change.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

# The last line of each night, however it ended.
resource "aws_cloudwatch_log_metric_filter" "nights" {
  name           = "${var.name}-nights"
  log_group_name = aws_cloudwatch_log_group.nightly.name
  pattern        = "\"night ended\""

  metric_transformation {
    namespace = var.name
    name      = "NightsEnded"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "silence" {
  alarm_name          = "${var.name}-no-night"
  alarm_description   = "No nightly audit ended in the last ${var.silent_hours} hours"
  namespace           = var.name
  metric_name         = "NightsEnded"
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = var.silent_hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
}

# AWS documents that the policy of a topic cannot have conditions for EventBridge, and so cannot be limited to this rule.
# So the rule sends to a queue, whose policy names it, and an alarm tells the topic.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
resource "aws_cloudwatch_event_rule" "failed_task" {
  name          = "${var.name}-night-failed"
  description   = "Nightly audits that are incomplete, failed or did not start"
  event_pattern = jsonencode(local.failed_task_pattern)
}

resource "aws_cloudwatch_event_target" "failed_task" {
  rule = aws_cloudwatch_event_rule.failed_task.name
  arn  = aws_sqs_queue.nights_failed.arn
}
