"""Rows of the Steampipe tables `aws_sns_topic` and `aws_kms_key`, and of tools with similar columns.

https://hub.steampipe.io/plugins/turbot/aws/tables/aws_sns_topic
"""

from checker.inputs.kinds.kind import Kind
from checker.inputs.rows import match_key, match_topic, read_key_row, read_topic_row

KINDS = (
    Kind("a row with a topic", match_topic, read_topic_row),
    Kind("a row with a key", match_key, read_key_row),
)
