"""The attributes that AWS assigns, and what is known of their text.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/connect_instance and related pages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import ID, NAME, TEXT, pieces_in

if TYPE_CHECKING:
    from checker.core.unknown import Piece
    from checker.policy.model import Value


class ArnForm(NamedTuple):
    """The ARN of a resource type: its service, the text before the last part, and the attribute that is this part."""

    service: str
    prefix: str
    attribute: str
    kind: str
    is_global: bool = False

    def pieces(self, partition: Value, region: Value, account: Value, last: Value) -> tuple[Piece, ...]:
        """Return the pieces of the ARN; empty if nothing is known of a part."""
        place = "" if self.is_global else region
        parts = ("arn:", partition, f":{self.service}:", place, ":", account, f":{self.prefix}", last)
        return pieces_in(part for part in parts if part != "")


IDS = {
    ("aws_connect_instance", "id"): ID,
    ("aws_kms_key", "key_id"): ID,
    ("aws_kms_key", "id"): ID,
    ("aws_kms_replica_key", "key_id"): ID,
    ("aws_kms_external_key", "id"): ID,
    ("aws_kms_replica_external_key", "key_id"): ID,
    ("awscc_connect_instance", "instance_id"): ID,
    ("awscc_kms_key", "key_id"): ID,
    ("awscc_kms_replica_key", "key_id"): ID,
    ("awscc_sns_topic", "topic_name"): NAME,
    ("aws_sns_topic", "name"): NAME,
    ("aws_iam_role", "name"): NAME,
    ("data.aws_ssm_parameter", "value"): TEXT,
    ("data.aws_ssm_parameter", "insecure_value"): TEXT,
    ("aws_ssm_parameter", "value"): TEXT,
    ("data.aws_cloudformation_export", "value"): TEXT,
}
"""Attributes that are IDs, names or texts, and their kinds; others are any value, which is a text within a text."""

ARNS = {
    "aws_connect_instance": ArnForm("connect", "instance/", "id", ID),
    "data.aws_connect_instance": ArnForm("connect", "instance/", "instance_id", ID),
    "awscc_connect_instance": ArnForm("connect", "instance/", "instance_id", ID),
    "aws_kms_external_key": ArnForm("kms", "key/", "id", ID),
    "aws_kms_replica_external_key": ArnForm("kms", "key/", "key_id", ID),
    "awscc_kms_key": ArnForm("kms", "key/", "key_id", ID),
    "awscc_kms_replica_key": ArnForm("kms", "key/", "key_id", ID),
    "awscc_kms_alias": ArnForm("kms", "", "alias_name", NAME),
    "awscc_sns_topic": ArnForm("sns", "", "topic_name", NAME),
    "aws_kms_key": ArnForm("kms", "key/", "key_id", ID),
    "aws_kms_replica_key": ArnForm("kms", "key/", "key_id", ID),
    "data.aws_kms_key": ArnForm("kms", "key/", "key_id", ID),
    "aws_kms_alias": ArnForm("kms", "", "name", NAME),
    "data.aws_kms_alias": ArnForm("kms", "", "name", NAME),
    "aws_sns_topic": ArnForm("sns", "", "name", NAME),
    "data.aws_sns_topic": ArnForm("sns", "", "name", NAME),
    **dict.fromkeys(
        ("aws_lambda_function", "data.aws_lambda_function"),
        ArnForm("lambda", "function:", "function_name", NAME),
    ),
    **dict.fromkeys(("aws_sqs_queue", "data.aws_sqs_queue"), ArnForm("sqs", "", "name", NAME)),
    "aws_kinesis_firehose_delivery_stream": ArnForm("firehose", "deliverystream/", "name", NAME),
    "aws_iam_role": ArnForm("iam", "role/", "name", NAME, is_global=True),
}
"""The form of the ARN of each type, which is its attribute `arn`, or `topic_arn` in the awscc provider."""
