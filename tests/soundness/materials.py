"""What random policies are made of: realistic statements, principals, actions, and values of every key."""

from __future__ import annotations

from typing import Any

from tests.soundness.words import CONNECT, INSTANCE, INSTANCE_ID, OWNER, REGION, TOPIC_ARN

Policy = dict[str, Any]
Statement = dict[str, Any]
OTHER = "444455556666"
NEIGHBOR = INSTANCE[:-1] + "e"
FOREIGN_INSTANCE = f"arn:aws:connect:{REGION}:{OTHER}:instance/{INSTANCE_ID}"
GRANT: Statement = {
    "Sid": "connect",
    "Effect": "Allow",
    "Principal": {"Service": CONNECT},
    "Action": "sns:Publish",
    "Resource": TOPIC_ARN,
    "Condition": {"StringEquals": {"aws:SourceAccount": OWNER}, "ArnEquals": {"aws:SourceArn": INSTANCE}},
}
DEFAULT: Statement = {
    "Sid": "__default_statement_ID",
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:Subscribe", "SNS:Publish"],
    "Resource": TOPIC_ARN,
    "Condition": {"StringEquals": {"AWS:SourceOwner": OWNER}},
}
ORGANIZATION: Statement = {
    "Sid": "organization",
    "Effect": "Allow",
    "Principal": "*",
    "Action": ["sns:Publish", "sns:Subscribe"],
    "Resource": TOPIC_ARN,
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
}
ENDPOINT: Statement = {
    "Sid": "endpoint",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": TOPIC_ARN,
    "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
}
OWN: Statement = {
    "Sid": "own",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
    "Action": "sns:*",
    "Resource": TOPIC_ARN,
}
REALISTIC = (GRANT, GRANT, DEFAULT, ORGANIZATION, ENDPOINT, OWN)
PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"Service": CONNECT},
    {"Service": [CONNECT, "s3.amazonaws.com"]},
    {"Service": "cloudwatch.amazonaws.com"},
    {"AWS": OTHER},
    {"AWS": f"arn:aws:iam::{OWNER}:root"},
    {"AWS": [f"arn:aws:iam::{OTHER}:role/app/Sender", f"arn:aws:iam::{OTHER}:user/sam"]},
    {"AWS": f"arn:aws:sts::{OTHER}:assumed-role/Sender/job"},
    {"AWS": f"arn:aws:sts::{OTHER}:federated-user/sam"},
    {"AWS": "*", "Service": CONNECT},
    {"Federated": "cognito-identity.amazonaws.com"},
    {"AWS": []},
)
ACTIONS: tuple[Any, ...] = (
    "sns:Publish",
    "SNS:publish",
    ["sns:Publish", "sns:Subscribe"],
    "sns:Subscribe",
    ["sns:Subscribe", "sns:SetTopicAttributes"],
    "sns:*",
    "*",
    "sns:Pub*",
    "sns:AddPermission",
    "sns:GetTopicAttributes",
)
RESOURCES: tuple[Any, ...] = (
    TOPIC_ARN,
    TOPIC_ARN,
    TOPIC_ARN,
    "*",
    f"arn:aws:sns:*:{OWNER}:chat",
    f"arn:aws:sns:{REGION}:{OWNER}:*",
    f"{TOPIC_ARN}-old",
    [TOPIC_ARN, f"{TOPIC_ARN}-old"],
    f"arn:aws:sns:{REGION}:{OWNER}:${{aws:username}}",
)
TEXT = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")
ARN = ("ArnLike", "ArnEquals", "ArnNotLike", "StringLike", "StringEquals", "StringNotLike")
DATE = ("DateGreaterThan", "DateLessThan", "DateLessThanEquals", "DateGreaterThanEquals", "DateNotEquals")
NUMBER = ("NumericLessThan", "NumericGreaterThanEquals", "NumericEquals", "NumericNotEquals")
BOOL = ("Bool", "Bool", "StringEquals", "StringNotEquals")
IP = ("IpAddress", "NotIpAddress")
DATES = ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2030-06-01", "2099-01-01T00:00:00+02:00")
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:PrincipalArn": (
        ARN,
        (
            "arn:aws:iam::*:user/*",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::*:root",
            f"arn:aws:iam::{OTHER}:role/app/Sender",
            f"arn:aws:iam::{OTHER}:*",
            "arn:aws:iam::*:role/app/*",
            "arn:aws:sts::*:federated-user/*",
            f"arn:aws:iam::{OTHER[:4]}*:user/sam",
            "*",
            "*Sender",
        ),
    ),
    "aws:PrincipalAccount": (TEXT, (OTHER, OWNER, "4444*", "*", "?" * 12)),
    "aws:PrincipalType": (TEXT, ("User", "AssumedRole", "Account", "FederatedUser", "Anonymous", "A*")),
    "aws:userid": (
        TEXT,
        (
            "AIDA*",
            "AROA*:*",
            "*:sam",
            "AROAEXAMPLEID12345678:job",
            "anonymous",
            "*",
            f"{OTHER}",
            "????????????",
        ),
    ),
    "aws:username": (TEXT, ("sam", "*", "s*", "sa?", "${aws:username}")),
    "aws:PrincipalOrgID": (TEXT, ("o-abcdefghij", "o-abc*", "o-*", "*", "o-abcdefghi?")),
    "aws:PrincipalOrgPaths": (
        ("ForAnyValue:StringLike", "ForAllValues:StringLike", "ForAnyValue:StringNotLike", "StringLike"),
        ("o-abcdefghij/r-ab12/*", "o-*/r-ab12/*", "o-abcdefghij/*", "*"),
    ),
    "aws:PrincipalTag/team": (TEXT, ("chat", "*", "c*", "${aws:username}", "?")),
    "aws:SourceIp": (
        IP,
        ("203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0", "0.0.0.0/1", "2001:db8::/32", "8.8.8.8"),
    ),
    "aws:SourceVpc": (TEXT, ("vpc-1a2b3c4d", "vpc-*", "vpc-1a2b*", "*")),
    "aws:SourceVpce": (TEXT, ("vpce-1a2b3c4d", "vpce-*", "*")),
    "aws:VpcSourceIp": (IP, ("10.0.0.0/8", "0.0.0.0/0")),
    "aws:UserAgent": (TEXT, ("*", "curl", "curl*", "?*", "AWS Internal")),
    "aws:Referer": (TEXT, ("https://example.com/*", "*", "secret")),
    "aws:SourceIdentity": (TEXT, ("sam", "*", "s*")),
    "aws:FederatedProvider": (TEXT, ("cognito-identity.amazonaws.com", "*", "accounts.google.com")),
    "aws:CurrentTime": (DATE, DATES),
    "aws:EpochTime": ((*DATE, *NUMBER), ("1577836800", "4070908800")),
    "aws:TokenIssueTime": (DATE, DATES),
    "aws:MultiFactorAuthPresent": (BOOL, ("true", "false")),
    "aws:MultiFactorAuthAge": (NUMBER, ("3600", "0", "100000")),
    "aws:SecureTransport": (BOOL, ("true", "false")),
    "aws:CalledVia": (
        ("ForAnyValue:StringEquals", "ForAllValues:StringLike"),
        ("cloudformation.amazonaws.com", "*"),
    ),
    "aws:ViaAWSService": (BOOL, ("true", "false")),
    "aws:SourceArn": (
        ARN,
        (
            INSTANCE,
            NEIGHBOR,
            f"{INSTANCE}/*",
            f"{INSTANCE[:-12]}*",
            f"arn:aws:connect:*:{OWNER}:instance/*",
            f"arn:aws:connect:{REGION}:*:instance/*",
            f"arn:aws:connect:{REGION}:{OTHER}:instance/{INSTANCE_ID}",
            "arn:aws:connect:*:*:*",
            "arn:aws:connect:*",
            "*",
            "*8b*0e*",
            f"arn:aws:cloudwatch:{REGION}:{OWNER}:alarm:*",
            "arn:aws:s3:::bucket",
        ),
    ),
    "aws:SourceAccount": (TEXT, (OWNER, OTHER, "1111*", "*", "?" * 12, "${aws:SourceAccount}")),
    "aws:SourceOwner": (TEXT, (OWNER, OTHER, "*")),
    "aws:SourceOrgID": (TEXT, ("o-abcdefghij", "o-*")),
    "aws:PrincipalIsAWSService": (BOOL, ("true", "false")),
    "aws:PrincipalServiceName": (TEXT, (CONNECT, "s3.amazonaws.com", "*.amazonaws.com", "*")),
    "aws:PrincipalServiceNamesList": (
        ("ForAnyValue:StringEquals", "ForAllValues:StringLike"),
        (CONNECT, "*"),
    ),
    "sns:Endpoint": (
        TEXT,
        ("*@example.com", "https://*", f"arn:aws:sqs:{REGION}:{OWNER}:*", "*@evil.example"),
    ),
    "sns:Protocol": (TEXT, ("https", "sqs", "http*", "email")),
    "aws:RequestedRegion": (TEXT, (REGION, "eu-west-1", "us-*")),
    "aws:ResourceAccount": (TEXT, (OWNER, OTHER)),
    "aws:RequestTag/team": (TEXT, ("chat", "*")),
    "aws:Unheard": (TEXT, ("x", "*")),
}
FAVORITES = (
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
)
EDGES = ("", "*", "?", "x", "${aws:PrincipalArn}", "${*}")


KEY_ROOT: Statement = {
    "Sid": "root",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
KEY_PRINCIPALS: tuple[Any, ...] = (
    {"Service": "sns.amazonaws.com"},
    {"Service": CONNECT},
    {"Service": [CONNECT, "cloudwatch.amazonaws.com"]},
    {"AWS": f"arn:aws:iam::{OTHER}:role/app/Sender"},
    "*",
)
KEY_ACTIONS: tuple[Any, ...] = (
    ["kms:GenerateDataKey*", "kms:Decrypt"],
    "kms:GenerateDataKey",
    "kms:Decrypt",
    "kms:*",
    ["kms:Decrypt", "kms:Encrypt"],
)
