"""`checker policy`: minimal policies that let Connect stream chat messages to a topic and use its key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.options import split
from checker.app.policy import OnlyPolicy, PolicyRequest, print_policies
from checker.cli.options import KmsConditionOption, OutputOption
from checker.report.drafts import Language

_InstancesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instance-arn", metavar="ARN", help="Connect instance that streams to the topic; repeatable."
    ),
]
_InstanceReferencesOption = Annotated[
    list[str] | None,
    typer.Option("--instance-ref", metavar="NAME", help="Reference to an instance in code; repeatable."),
]
_TopicOption = Annotated[
    str, typer.Option("--topic-arn", metavar="ARN", help="Topic that the instances stream to.")
]
_TopicReferenceOption = Annotated[
    str, typer.Option("--topic-ref", metavar="NAME", help="Reference to the topic in code.")
]
_KeyOption = Annotated[
    str | None,
    typer.Option("--key-arn", metavar="ARN", help="Key that encrypts the topic; also print its policy."),
]
_KeyReferenceOption = Annotated[
    str, typer.Option("--key-ref", metavar="NAME", help="Reference to the key in code.")
]
_ReplicaRegionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--replica-region",
        metavar="REGION",
        help="Region with a replica of the instance; repeatable.",
    ),
]
_ReplicaKeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--replica-key-arn",
        metavar="ARN",
        help="Key that encrypts the topic in its Region; repeatable.",
    ),
]
_MergeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Add the statements to the topic policy in this file; `-` is standard input.",
    ),
]
_MergeKeyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Add the statements to the key policy in this file."),
]
_OnlyOption = Annotated[OnlyPolicy | None, typer.Option(help="Print only this policy.")]
_LanguageOption = Annotated[
    Language,
    typer.Option("--format", metavar="FORMAT", help="json, terraform, cloudformation or cli."),
]


def policy(
    instances: _InstancesOption = None,
    instance_references: _InstanceReferencesOption = None,
    topic: _TopicOption = "",
    topic_reference: _TopicReferenceOption = "",
    key: _KeyOption = None,
    key_reference: _KeyReferenceOption = "",
    condition: KmsConditionOption = None,
    replica_regions: _ReplicaRegionOption = None,
    replica_keys: _ReplicaKeyOption = None,
    merge: _MergeOption = None,
    merge_key: _MergeKeyOption = None,
    only: _OnlyOption = None,
    language: _LanguageOption = Language.JSON,
    output: OutputOption = None,
) -> Ending:
    """Print minimal policies for a topic and its key.

    Connect can publish for the named instances only. With --merge, the statements of an existing policy are kept,
    and a warning names what they still allow. Code can name instances, the topic and the key by references, such as
    `--instance-ref aws_connect_instance.this.arn` or `--topic-ref ChatTopic`. With --replica-region, the policies of
    the topic with the same name in that Region are printed too.

    Exit codes: 0 printed, 1 printed, but merged statements allow too much, 2 refused, with the reason that AWS
    documents, 4 internal error.
    """
    request = PolicyRequest(
        tuple(instances or ()),
        topic,
        key,
        condition,
        merge,
        merge_key,
        only,
        tuple(instance_references or ()),
        topic_reference,
        key_reference,
        split(replica_regions),
        tuple(replica_keys or ()),
    )
    return print_policies(request, language, output)
