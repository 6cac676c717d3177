"""The form of a topic: all that decides the results about it, except names that nothing distinguishes.

Two topics of one form have the same results, but for their names. The names are the ARN of the topic, the accounts,
the IDs with the format of a UUID, and the files. This is why nothing distinguishes them:

* They are taken out as whole texts. What a form has in their place says where they are equal, and how they are sorted.
* Rules and provers compare such a name with names, and with patterns. A wildcard beside other characters of a part of
  an ARN may match some names and not others, so a topic with one in its policy has no form; neither has one with `?`
  or a policy variable. A wildcard between two separators matches any part.
* The values that provers use for "any other" account or ID are not among the names.
* Whatever else the results depend on, such as a key, endpoints or replicas, is not there.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from checker.analysis.documents import Place, PolicyText
from checker.analysis.endpoints import Endpoints
from checker.analysis.inventory import Key
from checker.core.arn import Arn
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.policy.placeholder import is_placeholder

if TYPE_CHECKING:
    from checker.analysis.inventory import Inventory
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Document

_ACCOUNT = r"[0-9]{12}"
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_WORD = pattern(r"[0-9A-Za-z-]{12,}")
_NAME = pattern(rf"{_ACCOUNT}|{_ID}")
_LIKE_A_NAME = pattern(rf"{_ACCOUNT}|(?i:{_ID})")
_ACTION = pattern(r"\n(?i:sns|kms):[A-Za-z]*\*?(?=\n)")
_DISTINGUISHES = pattern(r"\?|\$\{|[^\n:/]\*|\*[^\n:/]")
"""A wildcard that may match a part of a name, or a policy variable."""
_CONTROL = pattern(r"[\x00-\x09\x0b-\x1f]")
"""Characters that a form has between and in place of texts."""
_OWN, _FILE, _NUMBER = "\x01", "\x02", "\x03"


class Form(NamedTuple):
    """The form of a topic, the names that it has in order, and the documents that it was read from."""

    text: str
    names: tuple[str, ...]
    documents: tuple[Document, ...]

    def hide(self, text: str) -> str:
        """Replace the names of the topic in a text by their numbers."""
        for number, name in sorted(enumerate(self.names), key=lambda numbered: -len(numbered[1])):
            text = text.replace(name, f"{_NUMBER}{number}{_NUMBER}") if name else text
        return text


class NoFormError(Exception):
    """What decides the results about a topic is more than a form has."""


def form_of(case: TopicAnalysis) -> Form | None:
    """Return the form of a topic; ``None`` if names may decide the results about it, or more than its facts."""
    try:
        return _form(case)
    except NoFormError:
        return None


def _form(case: TopicAnalysis) -> Form:
    topic, text = case.topic, case.text
    if not isinstance(topic.arn, Arn) or not isinstance(text, PolicyText) or not _is_alone(case, text):
        raise NoFormError
    words = _Words(text.document)
    words.add(text.policy)
    policy = _without_arn(words.joined(), str(topic.arn))
    if ("*" in policy or "?" in policy or "${" in policy) and _DISTINGUISHES.search(_ACTION.sub("", policy)):
        raise NoFormError
    facts = topic._replace(arn=None, policy=None, pairings=None, home="")  # type: ignore[arg-type]
    words.add((text.dialect.name, facts, case.pairings, case.key))
    around = words.joined().replace(str(topic.arn), _OWN)
    place = f"{topic.arn.partition}\n{topic.arn.region}\n{topic.arn.account}"
    masked, names = _without_names(f"{place}{policy}{around}")
    files = (topic.home, *(document.name for document in words.documents))
    return Form(masked, (str(topic.arn), *files, *names), tuple(words.documents))


def _is_alone(case: TopicAnalysis, text: PolicyText) -> bool:
    """True if nothing but the facts and the policy of the topic decides the results, and no limit is near."""
    around: Inventory = case.inventory
    subscribed = not isinstance(case.topic.subscriptions, Unknown) and bool(case.topic.subscriptions)
    has_endpoints = around.organization is not None or around.endpoints != Endpoints()
    has_more = isinstance(case.key, Key) or (subscribed and has_endpoints)
    has_replicas = any(not isinstance(one.replicas, Unknown) and one.replicas for one in case.pairings)
    is_plain = not text.problems and 2 * text.size < text.dialect.max_bytes
    return is_plain and not has_more and not has_replicas and not case.has_symbols


def _without_arn(text: str, arn: str) -> str:
    """Replace the ARN of the topic. Raises NoFormError if its name, or another topic, occurs besides."""
    rest = text.replace(f"\n{arn}\n", f"\n{_OWN}\n")
    if ":sns:" in rest or arn.rpartition(":")[2].lower() in rest.lower() or is_placeholder(arn):
        raise NoFormError
    return rest


def _without_names(text: str) -> tuple[str, tuple[str, ...]]:
    """Replace accounts and IDs by their ranks. Raises NoFormError for those that may stand for others."""
    names = sorted(word for word in set(_WORD.findall(text)) if _is_name(word))
    for rank, name in sorted(enumerate(names), key=lambda ranked: -len(ranked[1])):
        text = text.replace(name, f"{_NUMBER}{rank}{'i' if '-' in name else 'a'}")
    return text, tuple(names)


@lru_cache(maxsize=4096)
def _is_name(word: str) -> bool:
    """True for an account or ID. Raises NoFormError for a word with one, and for one that may represent any other."""
    if not _NAME.fullmatch(word):
        if _LIKE_A_NAME.search(word):
            raise NoFormError
        return False
    if "-" in word:
        is_example = len(set(word)) <= _FEW or word.startswith(_EXAMPLES) or word.endswith(_COUNTED)
    else:
        is_example = word.startswith("000000") or len(set(word)) == 1 or word in _EXAMPLES
    if is_example:
        raise NoFormError
    return True


_EXAMPLES = ("121212121212", "735499990000", "12121212-1212", "5eed0000-0000")
_COUNTED = "-4000-8000-000000000000"
_FEW = 4
"""So many characters has an ID of one digit repeated, with its version, variant and hyphens."""


class _Words:
    """The texts of facts, in order. Documents are numbered, the one of the policy first."""

    def __init__(self, document: Document) -> None:
        self.texts: list[str] = []
        self.documents = [document]

    def joined(self) -> str:
        """Return the texts added since the last call, in lines. Raises NoFormError for a text with control characters."""
        lines = "\n".join(["", *self.texts, ""])
        if lines.count("\n") != len(self.texts) + 1 or _CONTROL.search(lines):
            raise NoFormError
        self.texts.clear()
        for number, document in enumerate(self.documents):
            lines = lines.replace(f"\n{document.name}\n", f"\n{_FILE}{number}\n")
        return lines

    def add(self, value: object) -> None:
        """Add the texts of a fact. Raises NoFormError for one that has no text."""
        kind = type(value)
        if kind is str:
            self.texts.append(value)  # type: ignore[arg-type]
        elif isinstance(value, Place):
            self.texts += (f"document {self.number(value.document)}", repr(value.route))
        elif kind is tuple and value[:1] == ("Statement",):  # type: ignore[index] # a route
            self.texts.append(repr(value))
        elif isinstance(value, tuple):
            self.texts.append(f"{kind.__name__}({len(value)}")
            for one in value:
                self.add(one)
        elif value is None or kind in (bool, int):
            self.texts.append(repr(value))
        elif isinstance(value, Enum):
            self.texts.append(value.name)
        else:
            raise NoFormError

    def number(self, document: Document) -> int:
        """Return the number of a document."""
        for number, known in enumerate(self.documents):
            if known is document:
                return number
        self.documents.append(document)
        return len(self.documents) - 1
