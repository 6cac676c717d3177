"""The few calls of the AWS CLI that pages show, for machines without it: `python -m tests.docs.aws_cli sns create-topic ...`.

Names of commands and options are those of the service models, as in the AWS CLI.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3
from botocore import xform_name


def main(words: list[str]) -> None:
    """Make the call in the arguments, and print its answer."""
    service, operation, *rest = words
    client = boto3.client(service)
    shape = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[operation.replace("-", "_")]
    ).input_shape
    members = {f"--{xform_name(name, '-')}": (name, member) for name, member in shape.members.items()}
    parameters: dict[str, Any] = {}
    printed = {"--query": "", "--output": "json"}  # the query is a name
    while rest:
        option = rest.pop(0)
        if option in printed:
            printed[option] = rest.pop(0)
            continue
        name, member = members[option]
        parameters[name] = True if member.type_name == "boolean" else rest.pop(0)
    answer = getattr(client, operation.replace("-", "_"))(**parameters)
    answer.pop("ResponseMetadata")
    found = answer[printed["--query"]] if printed["--query"] else answer
    print(found if printed["--output"] == "text" else json.dumps(found, indent=4))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
