"""
Reads the scenarios of `fixtures/permissions`, strictly; its README explains the format.

Unknown keys, repeated keys and incomplete expectations are errors: a scenario that says less
than its author believes would pass for the wrong reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

FOLDER: Final = Path(__file__).parents[2] / "fixtures" / "permissions"
START: Final = "2027-01-01T12:00:00Z"
ONLY_SOURCE: Final = "corp"
TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


class ScenarioError(ValueError):
    """
    A scenario does not say what it must, or says what it cannot.
    """


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DocumentSpec(_Strict):
    """
    A document: its ACL in exactly one way, and its text if that matters.
    """

    allow: list[Any] | None = None
    deny: list[Any] | None = None
    gates: list[Any] | None = None
    acl: Any = None
    without_acl: bool = False
    raw: str | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        stated = self.model_fields_set - {"text"}
        short = bool(stated) and stated <= {"allow", "deny"}
        if not short and len(stated) != 1:
            msg = "a document states its ACL as allow/deny, gates, acl, without_acl or raw"
            raise ValueError(msg)
        return self

    def stated_acl(self) -> dict[str, object]:
        """
        Return the `acl` member of the document's line, or nothing.
        """
        if self.without_acl:
            return {}
        if "acl" in self.model_fields_set:
            return {"acl": self.acl}
        named = {"allow": self.allow, "deny": self.deny, "gates": self.gates}
        return {"acl": {name: named[name] for name in named if name in self.model_fields_set}}


class ChangeSpec(_Strict):
    """
    What a source says: all of it at first, and later what is different. `null` takes away.
    """

    groups: dict[str, list[str] | None] = {}
    documents: dict[str, DocumentSpec | None] = {}
    lines: list[str] | None = None
    group_lines: list[str] | None = None


class SourceSpec(ChangeSpec):
    """
    One of several sources.
    """

    authority: str


class GivenSpec(ChangeSpec):
    """
    The world at first.
    """

    at: str = START
    readers: list[str] | dict[str, dict[str, str]]
    sources: dict[str, SourceSpec] = {}


class LaterSpec(ChangeSpec):
    """
    What changes, in the one source or in several.
    """

    sources: dict[str, ChangeSpec] = {}


class ExpectSpec(_Strict):
    """
    Who reads what, twice: both are complete.
    """

    can_read: dict[str, list[str]]
    searches: dict[str, list[str]]


class StepSpec(_Strict):
    """
    A change, a moment, or both; sources in `silent` are not heard from.
    """

    change: LaterSpec | None = None
    at: str | None = None
    silent: list[str] = []
    expect: ExpectSpec


class ScenarioSpec(_Strict):
    """
    A whole file.
    """

    name: str
    given: GivenSpec
    expect: ExpectSpec
    then: list[StepSpec] = []


@dataclass(frozen=True)
class SourceState:
    """
    What one source says at one step.
    """

    authority: str
    groups: Mapping[str, list[str]] = field(default_factory=dict)
    documents: Mapping[str, DocumentSpec] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    group_lines: tuple[str, ...] = ()

    def changed(self, change: ChangeSpec) -> "SourceState":
        """
        Return the state after a change.
        """
        groups = {**self.groups, **change.groups}
        documents = {**self.documents, **change.documents}
        return SourceState(
            self.authority,
            {name: members for name, members in groups.items() if members is not None},
            {name: one for name, one in documents.items() if one is not None},
            self.lines if change.lines is None else tuple(change.lines),
            self.group_lines if change.group_lines is None else tuple(change.group_lines),
        )


@dataclass(frozen=True)
class Step:
    """
    Everything that holds at one step: the clock, what the sources say, and who reads what.
    """

    number: int
    at: datetime
    sources: Mapping[str, SourceState]
    silent: frozenset[str]
    expected: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Scenario:
    """
    One file: readers with their ids by authority, and the steps.
    """

    case: str
    name: str
    readers: Mapping[str, Mapping[str, str]]
    documents: frozenset[str]
    steps: tuple[Step, ...]


def load_scenarios(folder: Path = FOLDER) -> list[Scenario]:
    """
    Read every scenario of a folder.
    """
    return [load_scenario(path) for path in sorted(folder.glob("*.yaml"))]


def load_scenario(path: Path) -> Scenario:
    """
    Read one scenario.

    Raises:
        ScenarioError: It is malformed, incomplete or contradicts itself.
    """
    text = path.read_text(encoding="utf-8")
    if not text.startswith("# "):
        msg = f"{path.name}: begins without a comment that says why"
        raise ScenarioError(msg)
    try:
        spec = ScenarioSpec.model_validate(yaml.load(text, _Loader))  # noqa: S506 - a safe loader
        if spec.name.replace(" ", "-") != path.stem:
            msg = f"the file of {spec.name!r} has another name"
            raise ScenarioError(msg)
        return Scenario(
            path.stem, spec.name, _readers(spec.given), _documents(spec), tuple(_steps(spec))
        )
    except (ValueError, yaml.YAMLError) as error:
        msg = f"{path.name}: {error}"
        raise ScenarioError(msg) from error


def document_name(source: str, document: str) -> str:
    """
    Return how expectations name a document: by its id where there is one source.
    """
    return document if source == ONLY_SOURCE else f"{source}/{document}"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """
    Safe YAML in which times stay texts and no key stands twice.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, object]]]] = {
        first: [(tag, pattern) for tag, pattern in some if tag != TIMESTAMP]
        for first, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the library's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := {key for key in keys if keys.count(key) > 1}:
            msg = f"keys stand twice: {sorted(map(str, repeated))}"
            raise ScenarioError(msg)
        return dict(super().construct_mapping(node, deep=deep))


def _readers(given: GivenSpec) -> dict[str, dict[str, str]]:
    if isinstance(given.readers, dict):
        return given.readers
    if len(set(given.readers)) != len(given.readers):
        msg = "a reader is listed twice"
        raise ScenarioError(msg)
    return {reader: {ONLY_SOURCE: reader} for reader in given.readers}


def _first_sources(given: GivenSpec) -> dict[str, SourceState]:
    directly = given.groups or given.documents or given.lines or given.group_lines
    if bool(directly) == bool(given.sources):
        msg = "given has either documents or sources"
        raise ScenarioError(msg)
    if not given.sources:
        return {ONLY_SOURCE: SourceState(ONLY_SOURCE).changed(given)}
    return {name: SourceState(one.authority).changed(one) for name, one in given.sources.items()}


def _steps(spec: ScenarioSpec) -> Iterable[Step]:
    readers = frozenset(_readers(spec.given))
    documents = _documents(spec)
    at, sources = _moment(spec.given.at), _first_sources(spec.given)
    expected = _expected(spec.expect, readers, documents, "expect")
    yield Step(0, at, sources, frozenset(), expected)
    for number, step in enumerate(spec.then, 1):
        where = f"step {number}"
        if step.change is None and step.at is None:
            msg = f"{where} changes nothing"
            raise ScenarioError(msg)
        later = at if step.at is None else _moment(step.at)
        if later < at:
            msg = f"{where} goes back in time"
            raise ScenarioError(msg)
        at, sources = later, _later_sources(sources, step, where)
        expected = _expected(step.expect, readers, documents, where)
        yield Step(number, at, sources, frozenset(step.silent), expected)


def _later_sources(
    sources: dict[str, SourceState], step: StepSpec, where: str
) -> dict[str, SourceState]:
    changes = _changes(step)
    if unknown := (changes.keys() | set(step.silent)) - sources.keys():
        msg = f"{where}: there is no source {sorted(unknown)}"
        raise ScenarioError(msg)
    if unheard := changes.keys() & set(step.silent):
        msg = f"{where}: {sorted(unheard)} is silent, so its change is not seen"
        raise ScenarioError(msg)
    return {
        name: state.changed(changes[name]) if name in changes else state
        for name, state in sources.items()
    }


def _changes(step: StepSpec) -> Mapping[str, ChangeSpec]:
    if step.change is None:
        return {}
    if step.change.sources:
        if step.change.model_fields_set != {"sources"}:
            msg = "a change of several sources stands below 'sources'"
            raise ScenarioError(msg)
        return step.change.sources
    return {ONLY_SOURCE: step.change}


def _documents(spec: ScenarioSpec) -> frozenset[str]:
    named = {document_name(ONLY_SOURCE, one) for one in spec.given.documents}
    named |= {document_name(s, d) for s, one in spec.given.sources.items() for d in one.documents}
    for step in spec.then:
        named |= {document_name(s, d) for s, one in _changes(step).items() for d in one.documents}
    return frozenset(named)


def _expected(
    spec: ExpectSpec, readers: frozenset[str], documents: frozenset[str], where: str
) -> dict[str, frozenset[str]]:
    if spec.can_read.keys() != documents:
        msg = f"{where}: can_read must list {sorted(spec.can_read.keys() ^ documents)}, or not"
        raise ScenarioError(msg)
    if spec.searches.keys() != readers:
        msg = f"{where}: searches must list {sorted(spec.searches.keys() ^ readers)}, or not"
        raise ScenarioError(msg)
    by_document = {(r, d) for d, some in spec.can_read.items() for r in some}
    by_reader = {(r, d) for r, some in spec.searches.items() for d in some}
    if contradictions := by_document ^ by_reader:
        msg = f"{where}: can_read and searches differ in {sorted(contradictions)}"
        raise ScenarioError(msg)
    return {reader: frozenset(some) for reader, some in spec.searches.items()}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        msg = f"{text} has no time zone"
        raise ScenarioError(msg)
    return moment.astimezone(UTC)
