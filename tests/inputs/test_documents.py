"""Files with several documents: YAML documents, lists, dumps, output of Python, and other encodings."""

from __future__ import annotations

import codecs
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory, PolicyText
from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.load import load
from checker.inputs.text import decode, encoded
from tests.samples import ACCOUNT, TOPIC_ARN, document, statement

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"
POLICY = document(statement())
TEXT = json.dumps(POLICY)
KEY_POLICY = document(statement(Action=["kms:Decrypt", "kms:GenerateDataKey*"], Resource="*"))
ATTRIBUTES = {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT, "Policy": TEXT}
OTHER_ATTRIBUTES = {**ATTRIBUTES, "TopicArn": f"{TOPIC_ARN}-2"}
YAML = f"Attributes:\n  TopicArn: {TOPIC_ARN}\n  Owner: '{ACCOUNT}'\n  Policy: '{TEXT}'\n"
METADATA = {"KeyId": KEY_ID, "Arn": KEY_ARN, "KeyState": "Enabled", "KeyManager": "CUSTOMER"}


def read(folder: Path, name: str, content: Any) -> Inventory:
    path = folder / name
    data = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return load([path])


def item(kind: str, arn: str, time: str = "2026-01-01T00:00:00Z", **parts: Any) -> dict[str, Any]:
    """An item of AWS Config."""
    state = {"configurationItemCaptureTime": time, "configurationItemStatus": "OK"}
    return {"resourceType": kind, "resourceId": arn, "arn": arn, **state, **parts}


TOPIC_ITEM = item("AWS::SNS::Topic", TOPIC_ARN, configuration=json.dumps({"Policy": TEXT}))
KEY_ITEM = item(
    "AWS::KMS::Key",
    KEY_ARN,
    configuration={"keyId": KEY_ID, "keyState": "Enabled", "keyManager": "CUSTOMER"},
    supplementaryConfiguration={"Policy": json.dumps(json.dumps(KEY_POLICY))},
)
OTHER_ITEM = item("AWS::EC2::VPC", "vpc-1", configuration="{}")
ROW = {"topic_arn": TOPIC_ARN, "policy": POLICY, "kms_master_key_id": KEY_ARN, "title": "chat"}
KEY_ROW = {"arn": KEY_ARN, "id": KEY_ID, "policy": KEY_POLICY, "key_state": "Enabled"}

READ: dict[str, tuple[str, Any, int, int]] = {
    "YAML documents": ("a.yaml", f"---\n{YAML}---\n# next\n{TEXT}\n---\n", 2, 0),
    "YAML documents, one of another program": ("a.yaml", f"kind: Service\n---\n{YAML}", 1, 0),
    "an anchor in each YAML document": ("a.yaml", f"a: &x 1\n---\n{YAML}b: &x 2\nc: *x\n", 1, 0),
    "--output yaml": ("a.yaml", YAML, 1, 0),
    "--output yaml-stream": ("a.yaml", f"- {YAML.replace(chr(10), chr(10) + '  ').rstrip()}\n", 1, 0),
    "yaml-stream of a key policy": (
        "a.yaml",
        f"- Policy: '{json.dumps(KEY_POLICY)}'\n  PolicyName: default\n",
        0,
        1,
    ),
    "UTF-16": ("a.json", json.dumps({"Attributes": ATTRIBUTES}).encode("utf-16"), 1, 0),
    "UTF-16 BE": ("a.json", b"\xfe\xff" + json.dumps({"Attributes": ATTRIBUTES}).encode("utf-16-be"), 1, 0),
    "boto3": ("a.json", repr({"Attributes": ATTRIBUTES, "ok": True, "token": None}), 1, 0),
    "boto3 with a date": (
        "a.json",
        f"{{'KeyMetadata': {METADATA!r}, 'CreationDate': datetime.datetime(2026, 1, 1, tzinfo=tzlocal())}}",
        0,
        1,
    ),
    "a list by boto3": ("a.json", repr([{"Attributes": ATTRIBUTES}]), 1, 0),
    "topics and policies": ("a.json", [{"TopicArn": TOPIC_ARN, "Policy": TEXT}], 1, 0),
    "attributes": ("a.json", [{"Attributes": ATTRIBUTES}, {"Attributes": OTHER_ATTRIBUTES}], 2, 0),
    "attributes without wrapper": ("a.json", [ATTRIBUTES, OTHER_ATTRIBUTES], 2, 0),
    "Steampipe": ("a.json", {"columns": [{"name": "topic_arn"}], "rows": [ROW, {"topic_arn": "x"}]}, 1, 0),
    "Steampipe, older versions": ("a.json", [KEY_ROW], 0, 1),
    "Config": ("a.json", {"configurationItems": [TOPIC_ITEM, KEY_ITEM, OTHER_ITEM]}, 1, 1),
    "Config snapshot": ("a.json", {"fileVersion": "1.0", "configurationItems": [KEY_ITEM]}, 0, 1),
    "Config query": ("a.json", {"Results": [json.dumps(TOPIC_ITEM)], "QueryInfo": {}}, 1, 0),
}


@pytest.mark.parametrize("name", READ)
def test_each_document_is_read(name: str, tmp_path: Path) -> None:
    file, content, topics, keys = READ[name]
    found = read(tmp_path, file, content)
    assert (len(found.topics), len(found.keys)) == (topics, keys)
    assert found.skipped == ()
    assert all(isinstance(one.policy, PolicyText) for one in found.topics)


OTHERS: dict[str, tuple[str, Any]] = {
    "a list of other things": ("a.json", [{"name": "sns:Publish"}, {"name": "kms:Decrypt"}]),
    "rows of another table": ("a.json", {"rows": [{"arn": "arn:aws:s3:::b", "policy": POLICY}]}),
    "rows with the names of files": ("a.json", [{"arn": TOPIC_ARN, "policy": "topic.json"}]),
    "items of other resources": ("a.json", {"configurationItems": [OTHER_ITEM, {"x": "kms:"}]}),
    "a deleted topic": (
        "a.json",
        {"configurationItems": [{**TOPIC_ITEM, "configurationItemStatus": "ResourceDeleted"}]},
    ),
    "texts that begin like JSON": ("a.json", ["{{ sns:Publish }}", "{not json"]),
    "Kubernetes": ("a.yaml", "kind: Service\n---\nkind: ConfigMap\ndata:\n  topics: sns\n"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_of_a_folder_are_ignored(name: str, tmp_path: Path) -> None:
    file, content = OTHERS[name]
    (tmp_path / file).write_text(content if isinstance(content, str) else json.dumps(content))
    found = load([tmp_path])
    assert (found.topics, found.keys) == ((), ())
    assert [one for one in found.skipped if one.error] == []


def test_a_named_file_without_known_documents_is_one_error(tmp_path: Path) -> None:
    found = read(tmp_path, "a.yaml", "a: 1\n---\nb: 2\n---\nc: 3\n")
    assert [one.error for one in found.skipped] == [True]


def test_a_finding_in_a_dump_has_its_place(tmp_path: Path) -> None:
    rows = json.dumps({"rows": [ROW]}, indent=1)
    (topic,) = read(tmp_path, "a.json", rows).topics
    assert isinstance(topic.policy, PolicyText)
    position = topic.policy.document.locate(("Statement", 0, "Action"), Part.VALUE)
    assert position is not None
    assert "sns:Publish" in rows.splitlines()[position.line - 1]


def test_python_output_has_its_place_after_other_characters(tmp_path: Path) -> None:
    (topic,) = read(tmp_path, "a.json", f"\n{{'name': 'é\u2028𝄞', 'Attributes': {ATTRIBUTES!r}}}").topics
    position = topic.place.document.locate(("Attributes", "Owner"), Part.VALUE)
    assert position is not None
    text = (tmp_path / "a.json").read_text().split("\n")[position.line - 1]
    assert text[position.column - 1 : position.end_column - 1] == repr(ACCOUNT)


def test_the_newest_state_of_a_history_counts(tmp_path: Path) -> None:
    old = item(
        "AWS::SNS::Topic",
        TOPIC_ARN,
        "2025-01-01T00:00:00Z",
        configuration={"Policy": json.dumps(document(statement(Sid="Old")))},
    )
    (topic,) = read(tmp_path, "a.json", {"configurationItems": [old, TOPIC_ITEM]}).topics
    assert isinstance(topic.policy, PolicyText)
    assert topic.policy.policy.known_statements()[0].sid == ""


@pytest.mark.parametrize(
    ("content", "known"),
    [
        ([{"TopicArn": TOPIC_ARN, "Policy": TEXT}], False),
        ({"TopicArn": TOPIC_ARN, "Policy": TEXT}, False),
        ({"rows": [{"topic_arn": TOPIC_ARN, "policy": POLICY}]}, False),
        ({"rows": [{"topic_arn": TOPIC_ARN, "policy": POLICY, "kms_master_key_id": None}]}, True),
        ({"Attributes": ATTRIBUTES}, True),
    ],
)
def test_an_excerpt_does_not_state_the_encryption(content: Any, known: bool, tmp_path: Path) -> None:
    (topic,) = read(tmp_path, "a.json", content).topics
    assert isinstance(topic.settings.key.value, Unknown) is not known


HOSTILE = {
    "deep brackets": "{'a':" + "[" * 100_000,
    "deep and balanced": "[" * 140 + "'a'" + "]" * 140,
    "many operators": "['a', " + "-" * 200_000 + "1]",
    "a call": "['a', __import__('os').system('touch pwned')]",
    "a huge number": "{'Attributes': " + "9" * 50_000 + "}",
    "keys of other types": "{'a': 1, 2: 3, **{}}",
    "a null character": "{'a': '\0'}",
    "long": "['" + "x" * 2_000_000 + "']",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_python_output_is_an_error(name: str, tmp_path: Path) -> None:
    (skipped,) = read(tmp_path, "a.json", HOSTILE[name]).skipped
    assert skipped.error
    assert not Path("pwned").exists()


def test_a_bare_policy_in_python_is_invalid(tmp_path: Path) -> None:
    (skipped,) = read(tmp_path, "a.json", repr(POLICY)).skipped
    assert "double quotes" in skipped.reason


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_keeps_its_encoding(mark: str) -> None:
    data = '{"Sid": "é"}'.encode(mark)
    assert encoded(decode("a.json", data), data) == data


SNAPSHOT = {
    "fileVersion": "1.0",
    "configSnapshotId": "0d0c",
    "configurationItems": [
        {
            **TOPIC_ITEM,
            "configurationItemCaptureTime": "2025-01-01T00:00:00Z",
            "configuration": {"Policy": "{}"},
        },
        OTHER_ITEM,
        TOPIC_ITEM,
        KEY_ITEM,
        {**TOPIC_ITEM, "resourceId": "gone", "configurationItemStatus": "ResourceDeleted"},
    ],
}
SNAPSHOT_NAME = "111122223333_Config_us-east-1_ConfigSnapshot_20260101T000000Z_0d0c.json"


def policies(inventory: Inventory) -> list[str]:
    found = [one.policy for one in inventory.topics] + [one.policy for one in inventory.keys]
    return [one.text if isinstance(one, PolicyText) else one.described for one in found]


@pytest.mark.parametrize("layout", [{}, {"indent": 1}, {"sort_keys": True}])
@pytest.mark.parametrize("in_folder", [False, True])
def test_a_compressed_snapshot_is_read_like_the_plain_one(
    layout: dict[str, Any], in_folder: bool, tmp_path: Path
) -> None:
    text = json.dumps(SNAPSHOT, **layout)
    plain = read(tmp_path, SNAPSHOT_NAME, text)
    (tmp_path / SNAPSHOT_NAME).unlink()
    packed = read(tmp_path, f"{SNAPSHOT_NAME}.gz", gzip.compress(text.encode()))
    found = load([tmp_path]) if in_folder else packed
    assert policies(found) == policies(plain) != []
    assert (len(found.topics), len(found.keys), found.skipped) == (1, 1, ())
    (topic,) = found.topics
    assert isinstance(topic.policy, PolicyText)
    place = topic.policy.document.locate(("Statement", 0, "Action"), Part.VALUE)
    assert place is not None
    assert "sns:Publish" in text.splitlines()[place.line - 1]


def test_a_large_snapshot_is_read(tmp_path: Path) -> None:
    others = [{**OTHER_ITEM, "resourceId": str(number), "tags": "x" * 1000} for number in range(6000)]
    items = [*others, TOPIC_ITEM]
    found = read(tmp_path, SNAPSHOT_NAME, {"fileVersion": "1.0", "configurationItems": items})
    assert (len(found.topics), found.skipped) == (1, ())


BROKEN: dict[str, tuple[bytes, str]] = {
    "damaged": (gzip.compress(json.dumps(SNAPSHOT).encode())[:-20], "end-of-stream"),
    "not JSON": (gzip.compress(json.dumps(SNAPSHOT).encode()[:-5]), "not JSON"),
    "more after it": (gzip.compress(json.dumps(SNAPSHOT).encode() + b"{}"), "expected nothing after"),
    "no topic": (gzip.compress(b'{"configurationItems": []}'), "contains no topic or key"),
    "a policy that is not JSON": (
        gzip.compress(
            json.dumps({"configurationItems": [{**TOPIC_ITEM, "configuration": {"Policy": "x"}}]}).encode()
        ),
        "has no ARN or no policy",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_snapshot_is_reported(name: str, tmp_path: Path) -> None:
    data, reason = BROKEN[name]
    (skipped,) = read(tmp_path, f"{SNAPSHOT_NAME}.gz", data).skipped
    assert reason in skipped.reason


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_byte_that_is_no_text_is_shown_with_its_line(mark: bytes) -> None:
    with pytest.raises(InputError, match="not UTF-8 text: byte 0xff on line 2"):
        decode("a.json", mark + b"{\n \xff}")
    assert decode("a.json", mark + b"{}") == "{}"
