"""What the files of one run say, before it is tied together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.inputs.awscli import (
    bare_topic,
    policy_in,
    policy_text,
    read_grants,
    read_instances,
    read_key,
    read_key_policy,
    read_subscriptions,
    read_tags,
    read_topic,
)
from checker.inputs.declared import Declarations
from checker.inputs.files import home_of, name_of
from checker.inputs.hcl.called import CalledFolders
from checker.inputs.policy_kind import dialect_of, is_of_any_kind, other_policy
from checker.inputs.recognise import Kind, kind_of
from checker.inputs.text import InputError, TextDocument, is_yaml, parse_embedded
from checker.inventory import Instance, Key, Place, Skipped
from checker.inventory import Source as Origin
from checker.policy.dialect import KEY, TOPIC
from checker.policy.node import Node, Object, Scalar, children, items, text_of
from checker.policy.source import Source
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from pathlib import Path

    from checker.finding import Route
    from checker.inputs.cloudtrail.streams import Streams
    from checker.inputs.load import Given
    from checker.inventory import Contact, Grant, IgnoreComment, Subscription, Topic

LOOKED_FOR = (
    "topic and key policies, output of the AWS CLI, streaming manifests, Terraform files, plans and states, "
    "CloudFormation templates, CloudTrail events"
)
_NOT_RECOGNIZED = "not a file that checker can judge"
_OTHER_POLICY = "a policy that names no SNS or KMS action and no topic or key"
_WANTED = "name the policy of an SNS topic or of a KMS key"
_NO_RESOURCE = "no topic or key is declared in the template"


class Facts:
    """Topics, keys and the rest, each with the folder it was found in; lists by what they are about.

    ``nobody`` are the folders with a list of no subscriptions, which does not say whose it is. ``called`` are
    those of Terraform modules that others call, by their full names. ``opened`` are the files that Terraform's
    functions read, and ``templates`` those that it renders, by their full names. ``variables`` and ``parameters``
    are the names that root modules and templates declare. ``of_change`` says that nobody chose the files, so that
    one about something else is no news.
    """

    def __init__(self, given: Given, *, of_change: bool = False) -> None:
        self.given = given
        self.of_change = of_change
        self.topics: list[tuple[Path, Topic]] = []
        self.keys: list[tuple[Path, Key]] = []
        self.instances: list[Instance] = []
        self.contacts: list[Contact] = []
        self.subscriptions: dict[str, list[Subscription]] = {}
        self.nobody: list[Path] = []
        self.tags: dict[str, tuple[tuple[str, str], ...]] = {}
        self.grants: dict[str, list[Grant]] = {}
        self.skipped: list[Skipped] = []
        self.comments: list[IgnoreComment] = []
        self.declared: dict[Path, Declarations] = {}
        self.called = CalledFolders()
        self.opened: set[str] = set()
        self.templates: set[str] = set()
        self.streams: Streams | None = None
        self.variables: set[str] = set()
        self.parameters: set[str] = set()

    def skip(self, error: InputError) -> None:
        """Note a file that could not be read."""
        self.skipped.append(error.skipped())

    def pass_over(self, path: Path, reason: str, *, named: bool) -> None:
        """Note a file that was read as a whole and declares nothing to judge, if somebody chose it."""
        if named and not self.of_change:
            self.skipped.append(Skipped(name_of(path), reason))

    def refuse(self, path: Path, reason: str, *, named: bool) -> None:
        """Note a file that cannot be judged; it is an error if somebody chose it."""
        if named and not self.of_change:
            help_text = f"files are recognized by their content: {LOOKED_FOR}"
            self.skipped.append(Skipped(name_of(path), reason, error=True, help=help_text))

    def declarations(self, folder: Path) -> Declarations:
        """Give the declarations of a folder, to which its files add."""
        return self.declared.setdefault(folder, Declarations())

    def take_comments(self, document: TextDocument) -> None:
        """Take the comments that put up with findings; JSON has none."""
        if is_yaml(document.source):
            from checker.inputs.comments import yaml_comments  # not on the path of JSON files

            self.comments += yaml_comments(document)

    def take_instance(self, path: Path, text: str) -> None:
        """Take a file that is the ARN of a Connect instance. Raises InputError for any other ARN."""
        name = name_of(path)
        document = TextDocument(Source(name, text), Scalar(text, Source(name, text), 0, len(text)))
        found = Instance(instance_arn(name, text), Place(document, ()), Origin.FOLDER, home_of(path.parent))
        self.instances.append(found)

    def take(self, path: Path, document: TextDocument, *, named: bool) -> None:
        """Take the facts of a document; one that holds none is noted as skipped if it was named.

        Raises InputError.
        """
        found = kind_of(document.root)
        if found is not None and found[0] not in (Kind.POLICY, Kind.TEMPLATE):
            reject_duplicates(document)
        if found is None:
            self.refuse(path, _NOT_RECOGNIZED, named=named)
            return
        kind, node, route = found
        if kind is Kind.POLICY:
            self.take_policy(path, document, named=named)
        elif kind is Kind.TOPIC and isinstance(node, Object):
            self.topics.append((path.parent, read_topic(document, node, route, named=named)))
        elif kind is Kind.TEMPLATE:
            from checker.inputs.cloudformation.template import read_template  # not on the path of policies

            if not read_template(path, document, self, named=named and not self.of_change):
                self.pass_over(path, _NO_RESOURCE, named=named)
        elif kind is Kind.KEY and isinstance(node, Object):
            self.keys.append((path.parent, read_key(document, node, route, named=named)))
        elif kind is Kind.KEY_POLICY and isinstance(node, Object):
            self.take_key_policy(path, document, node, named=named)
        else:
            self.take_list(path, document, kind, node, route)

    def take_policy(self, path: Path, document: TextDocument, *, named: bool) -> None:
        """Take a policy document alone, of a topic or of a key. Raises InputError for another one that is named."""
        dialect = dialect_of(document.root)
        if dialect is TOPIC:
            self.topics.append((path.parent, bare_topic(policy_text(document, TOPIC), named=named)))
        elif dialect is KEY:
            self.keys.append((path.parent, bare_key(document, named=named)))
        else:
            self.refuse_policy(path, document, named=named)

    def refuse_policy(self, path: Path, document: TextDocument, *, named: bool) -> None:
        """Leave the policy of something else alone. Raises InputError, saying what it is, if it was named."""
        if named and not self.of_change and not is_of_any_kind(document.root):
            raise InputError(name_of(path), f"this is {other_policy(document.root)}", help_text=_WANTED)
        self.refuse(path, _OTHER_POLICY, named=named)

    def take_key_policy(self, path: Path, document: TextDocument, node: Object, *, named: bool) -> None:
        """Take the output of `aws kms get-key-policy`, and what is wrapped alike: a policy under `Policy`."""
        policy = node.get("Policy")
        held = policy_in(policy, KEY) if policy is not None else None
        if policy is None or held is None:
            return
        root = None if isinstance(held, Unknown) else held.document.root
        if root is None or dialect_of(root) is KEY or is_of_any_kind(root):
            self.keys.append((path.parent, read_key_policy(document, policy, ("Policy",), named=named)))
            return
        self.take_policy(path, TextDocument(root.source, root), named=named)

    def take_list(self, path: Path, document: TextDocument, kind: Kind, node: Node, route: Route) -> None:
        """Take a list of subscriptions, grants, tags or instances."""
        if kind is Kind.SUBSCRIPTIONS:
            self.nobody += [] if items(node) else [path.parent]
            for topic, subscription in read_subscriptions(node):
                self.subscriptions.setdefault(topic, []).append(subscription)
        elif kind is Kind.GRANTS:
            for key, grant in read_grants(node):
                self.grants.setdefault(key, []).append(grant)
        elif kind is Kind.TAGS:
            self.tags.update(read_tags(node))
        elif kind is Kind.INSTANCES:
            found = read_instances(document, node, route)
            home = home_of(path.parent)
            self.instances += (one._replace(source=Origin.FOLDER, home=home) for one in found)


def instance_arn(name: str, text: str, help_text: str = "") -> Arn:
    """Read the ARN of a Connect instance, given as ``name``. Raises InputError for any other text."""
    arn = Arn.parse(text)
    if arn is None or not arn.is_instance:
        raise InputError(name, f"`{text}` is no ARN of a Connect instance", help_text=help_text)
    return arn


def bare_key(document: TextDocument, *, named: bool) -> Key:
    """Take a key policy document alone."""
    unknown = Unknown("a key policy does not name its key")
    return Key(unknown, Place(document, ()), policy_text(document, KEY), named=named)


def unwrap(document: TextDocument) -> TextDocument:
    """Look into a document that is JSON in a string, or the recording of an API call. Raises InputError."""
    root = document.root
    text = text_of(root)
    if text is not None and isinstance(root, Scalar):
        return parse_embedded(root, text)
    data = root.get("data") if isinstance(root, Object) else None
    return TextDocument(document.source, data) if isinstance(data, Object) else document


def reject_duplicates(document: TextDocument) -> None:
    """Refuse a wrapper that says something twice; in a policy it becomes a finding instead."""
    for node in (document.root, *children(document.root)):
        for first, second in node.duplicates() if isinstance(node, Object) else ():
            line = document.source.position(first.start, first.end).line
            where = document.source.position(second.start, second.end)
            raise InputError(document.name, f"`{second.key}` stands twice, first on line {line}", where)
