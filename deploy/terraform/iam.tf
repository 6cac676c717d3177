# The permissions of `checker permissions audit`, and what the task, the function and the schedule need besides.

locals {
  audit_policy = {
    Version   = "2012-10-17"
    Statement = module.audit.statements
  }

  nightly_policy = {
    Version = "2012-10-17"
    Statement = concat(
      [for statement in [{
        Sid    = "ReadOrganization"
        Effect = "Allow"
        Action = [
          "organizations:DescribePolicy",
          "organizations:ListChildren",
          "organizations:ListPolicies",
          "organizations:ListRoots",
          "organizations:ListTargetsForPolicy",
        ]
        Resource = "*"
      }] : statement if local.organization],
      [
        {
          Sid      = "StoreNights"
          Effect   = "Allow"
          Action   = "s3:PutObject"
          Resource = ["${local.bucket_arn}/latest/*", "${local.bucket_arn}/nights/*"]
        },
        {
          Sid      = "ReadLatest"
          Effect   = "Allow"
          Action   = "s3:GetObject"
          Resource = ["${local.bucket_arn}/latest/night.json", "${local.bucket_arn}/nights/*/report.json"]
        },
        {
          Sid      = "FindLatest"
          Effect   = "Allow"
          Action   = "s3:ListBucket"
          Resource = local.bucket_arn
        },
      ],
      [for statement in [{
        Sid      = "SendDigest"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = var.topic_arn
      }] : statement if local.news],
    )
  }

  on_change_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReceiveChanges"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = local.queue_arn
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${local.change_log_arn}:*"
      },
      {
        Sid      = "StoreChanges"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${local.bucket_arn}/changes/*"
      },
    ]
  }

  execution_policy = {
    Version = "2012-10-17"
    Statement = [
      { Sid = "SignIn", Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Sid      = "PullImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = var.repository_arn
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${local.task_log_arn}:*"
      },
    ]
  }

  schedule_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RunTask"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = "${local.task_family}:*"
        Condition = { ArnEquals = { "ecs:cluster" = local.cluster_arn } }
      },
      {
        Sid       = "PassRoles"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [local.execution_arn, local.nightly_arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      { Sid = "KeepFailures", Effect = "Allow", Action = "sqs:SendMessage", Resource = local.nights_arn },
    ]
  }

  # ECS assumes a role only for tasks of this account.
  task_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RunTasks"
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account}:*" }
      }
    }]
  }

  function_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RunFunction"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  }

  schedule_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RunSchedule"
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnEquals    = { "aws:SourceArn" = local.schedule_group }
      }
    }]
  }

  bucket_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }

  queue_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ReceiveEvents"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = local.queue_arn
      Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arns } }
    }]
  }

  failed_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ReceiveUndelivered"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = local.dead_arn
      Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arns } }
    }]
  }

  nights_failed_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ReceiveFailedTasks"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = local.nights_arn
      Condition = { ArnEquals = { "aws:SourceArn" = "${local.rules_arn}/${var.name}-night-failed" } }
    }]
  }

  rules_arn = "arn:${local.partition}:events:${local.region}:${local.account}:rule"
  rule_arns = concat(
    ["${local.rules_arn}/${var.name}-own"],
    [for rule in ["${local.rules_arn}/${var.name}/${var.name}-members"] : rule if local.organization],
  )

  bus_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ReceiveEventsOfMembers"
      Effect    = "Allow"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = local.bus_arn
      Condition = { StringEquals = { "aws:PrincipalOrgID" = var.organization_id } }
    }]
  }
}

resource "aws_iam_policy" "audit" {
  name        = "${var.name}-audit"
  description = "Audits chat streams"
  policy      = jsonencode(local.audit_policy)
}

resource "aws_iam_role" "nightly" {
  name               = "${var.name}-nightly"
  description        = "Audits chat streams every night"
  assume_role_policy = jsonencode(local.task_trust)

  lifecycle {
    precondition {
      condition     = !local.organization || var.external_id != ""
      error_message = "external_id is needed to audit an organization."
    }

    precondition {
      condition     = !local.news || try(split(":", var.topic_arn)[3], "") == local.region
      error_message = "topic_arn must be a topic in the Region of the hub: alarms cannot reach others."
    }
  }
}

resource "aws_iam_role_policy_attachment" "nightly" {
  role       = aws_iam_role.nightly.name
  policy_arn = aws_iam_policy.audit.arn
}

resource "aws_iam_role_policy" "nightly" {
  name   = "run"
  role   = aws_iam_role.nightly.id
  policy = jsonencode(local.nightly_policy)
}

resource "aws_iam_role" "on_change" {
  name               = "${var.name}-on-change"
  description        = "Audits accounts after a change"
  assume_role_policy = jsonencode(local.function_trust)
}

resource "aws_iam_role_policy_attachment" "on_change" {
  role       = aws_iam_role.on_change.name
  policy_arn = aws_iam_policy.audit.arn
}

resource "aws_iam_role_policy" "on_change" {
  name   = "run"
  role   = aws_iam_role.on_change.id
  policy = jsonencode(local.on_change_policy)
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "Pulls the image of the nightly audit and writes its logs"
  assume_role_policy = jsonencode(local.task_trust)
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = jsonencode(local.execution_policy)
}

resource "aws_iam_role" "schedule" {
  name               = "${var.name}-schedule"
  description        = "Starts the nightly audit"
  assume_role_policy = jsonencode(local.schedule_trust)
}

resource "aws_iam_role_policy" "schedule" {
  name   = "run"
  role   = aws_iam_role.schedule.id
  policy = jsonencode(local.schedule_policy)
}
