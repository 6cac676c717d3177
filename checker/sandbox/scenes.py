"""Whole scenes with one defect each, behind or beside a topic; and the resources that they need.

The functions of `seed` make single resources. A scene has an instance and a topic with the policy that AWS documents,
so that nothing but its defect, or without it nothing at all, keeps a message from its last endpoint.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.sandbox import seed

if TYPE_CHECKING:
    from checker.sandbox.running import Account
    from checker.sandbox.seed import Statement


class Scene(NamedTuple):
    """An instance and a topic of an account. ``endpoint`` is the subscribed endpoint, ``aside`` what else matters:
    the dead-letter queue, the key, or the replica.
    """

    account: Account
    instance: str
    topic: str
    endpoint: str = ""
    aside: str = ""


def _scene(account: Account, name: str) -> Scene:
    instance = seed.make_instance(account)
    return Scene(account, instance, seed.good_topic(account, instance, name))


def topic_with_function(account: Account, name: str = "chat", *, allowed: bool = False) -> Scene:
    """Subscribe a function. Unless it is ``allowed``, its policy does not let SNS invoke it."""
    scene = _scene(account, name)
    function = make_function(account)
    if allowed:
        allow_invoke(account, function, scene.topic)
    seed.subscribe(account, scene.topic, "lambda", function)
    return scene._replace(endpoint=function)


NO_CHAT_MESSAGE = json.dumps({"Type": ["message"]})
"""A filter policy that drops every message of a chat: the type of messages is MESSAGE, and case counts."""


def topic_with_filter(
    account: Account, name: str = "chat", policy: str = NO_CHAT_MESSAGE, scope: str = "MessageAttributes"
) -> Scene:
    """Subscribe a queue that accepts messages, with a filter policy that no message of a chat matches."""
    scene = _scene(account, name)
    queue = seed.make_queue(account)
    seed.set_queue_policy(account, queue.url, seed.queue_statement(queue.arn, scene.topic))
    seed.subscribe_queue(account, scene.topic, queue.arn, FilterPolicy=policy, FilterPolicyScope=scope)
    return scene._replace(endpoint=queue.arn)


def topic_with_dead_letters(account: Account, name: str = "chat", *, accepted: bool = False) -> Scene:
    """Subscribe a queue that refuses messages. Unless they are ``accepted``, its dead-letter queue does too."""
    scene = _scene(account, name)
    queue, dead = seed.make_queue(account), seed.make_queue(account, "dead")
    if accepted:
        seed.set_queue_policy(account, dead.url, seed.queue_statement(dead.arn, scene.topic))
    redrive = json.dumps({"deadLetterTargetArn": dead.arn})
    seed.subscribe_queue(account, scene.topic, queue.arn, RedrivePolicy=redrive)
    return scene._replace(endpoint=queue.arn, aside=dead.arn)


def topic_with_web_hook(account: Account, name: str = "chat", url: str = "https://example.com/chat") -> Scene:
    """Subscribe an HTTPS endpoint that has not confirmed yet: `Sandbox.confirm(url)` does."""
    scene = _scene(account, name)
    seed.subscribe(account, scene.topic, "https", url)
    return scene._replace(endpoint=url)


def topic_in_organization(account: Account, name: str = "sealed", *statements: Statement) -> Scene:
    """Create an organization, with this as its management account, and an encrypted topic in a member account.

    A resource control policy on the root has the statements; without any, it denies all use of KMS.
    """
    root = make_organization(account)
    member = make_member(account, root)
    instance = seed.make_instance(member)
    made = seed.encrypted_topic(member, instance, name, grant=True)
    attach_control_policy(account, root, *(statements or (control_statement("kms:*"),)))
    return Scene(member, instance, made.topic, aside=made.key)


def replica_without_topic(account: Account, region: str = "us-east-1", name: str = "chat") -> Scene:
    """Replicate an instance into a Region that has no topic for it."""
    scene = _scene(account, name)
    return scene._replace(aside=seed.make_replica(account, scene.instance, region))


def make_function(account: Account, name: str = "bot") -> str:
    """Create a function with a role of its own and return its ARN. Without a permission SNS cannot invoke it."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = account.client("iam").create_role(
        RoleName=f"{name}-{account.region}", AssumeRolePolicyDocument=seed.policy_text(trust)
    )["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): ...")
    made = account.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )
    return str(made["FunctionArn"])


def make_alias(account: Account, function: str, name: str = "live") -> str:
    """Publish a version of a function, create an alias for it, and return the alias's ARN."""
    client = account.client("lambda")
    version = client.publish_version(FunctionName=function)["Version"]
    return str(client.create_alias(FunctionName=function, Name=name, FunctionVersion=version)["AliasArn"])


def allow_invoke(
    account: Account, function: str, topic: str = "", *, sid: str = "sns", **changed: str
) -> None:
    """Allow SNS to invoke a function, or the version or alias in its ARN. Without a topic, any topic can.

    https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html
    """
    pinned = {"SourceArn": topic} if topic else {}
    given = {"Principal": "sns.amazonaws.com", "Action": "lambda:InvokeFunction", **pinned, **changed}
    account.client("lambda").add_permission(FunctionName=function, StatementId=sid, **given)


def make_organization(account: Account) -> str:
    """Create an organization with resource control policies, whose management account is this. Return its root's ID."""
    client = account.client("organizations")
    client.create_organization(FeatureSet="ALL")
    root = str(client.list_roots()["Roots"][0]["Id"])
    client.enable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    return root


def make_unit(account: Account, parent: str, name: str = "unit") -> str:
    """Create an organizational unit and return its ID."""
    made = account.client("organizations").create_organizational_unit(ParentId=parent, Name=name)
    return str(made["OrganizationalUnit"]["Id"])


def make_member(account: Account, root: str, parent: str = "", name: str = "member") -> Account:
    """Create a member account of an organization, in the same Region, below its root or an organizational unit."""
    client = account.client("organizations")
    made = client.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
    if parent:
        client.move_account(AccountId=made["AccountId"], SourceParentId=root, DestinationParentId=parent)
    return account._replace(id=str(made["AccountId"]))


def attach_control_policy(account: Account, target: str, *statements: Statement, name: str = "rcp") -> str:
    """Create a resource control policy, attach it to a root, a unit or an account, and return its ID."""
    client = account.client("organizations")
    made = client.create_policy(
        Name=name, Description=name, Type="RESOURCE_CONTROL_POLICY", Content=seed.policy_text(*statements)
    )
    client.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)
    return str(made["Policy"]["PolicySummary"]["Id"])


def control_statement(action: str, **condition: Any) -> Statement:
    """Return a statement of a resource control policy that denies an action to everyone, under a condition."""
    pinned = {"Condition": condition} if condition else {}
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", **pinned}


def perimeter_statement(action: str, organization: str) -> Statement:
    """Return the statement of AWS that denies services acting for resources outside an organization.

    https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
    """
    return control_statement(
        action,
        StringNotEqualsIfExists={"aws:SourceOrgID": organization},
        Null={"aws:SourceAccount": "false"},
        Bool={"aws:PrincipalIsAWSService": "true"},
    )
