"""
Every link of the chain, present and missing, now and in the past.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from acl.identity.linking import IdentityLink
from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentId, Epoch
from acl.model.labels import NO_LABEL_POLICY, LabelPolicy
from acl.model.switches import Switch, SwitchKind
from acl.registry.database import migrate
from acl.registry.errors import NotRecordedError
from acl.registry.history import History
from acl.registry.permissions import PermissionRegistry
from acl.registry.switchboard import SwitchBoard
from retrieval.admit import Directories
from retrieval.authorize import LabelPolicies, SourceBudgets
from retrieval.explain import Explainer, Explanation, Person
from tests.acl.people import (
    ACME,
    ALICE,
    BOB,
    CORP,
    ENG,
    HANDBOOK,
    NOON,
    STAFF,
    acl,
    deny,
    permit,
    readable_by,
)
from tests.acl.registry.registries import NAMER, SEALER, Registry, copied, key_of

pytestmark = pytest.mark.promise("history")

ISSUER = "https://idp.acme.example"
HOUR = timedelta(hours=1)
PLAN = acl((deny(BOB), permit(STAFF)))


@dataclass
class Scene:
    """
    A registry, a clock, and what explains its decisions.
    """

    registry: Registry
    board: SwitchBoard
    explainer: Explainer

    def why(self, subject: str = "alice", document: str = "plan", **asked: object) -> Explanation:
        person = Person(ISSUER, subject, str(asked.pop("client", "")))
        (found,) = self.explainer.explain(person, DocumentId(document), None, asked.get("at"))  # type: ignore[arg-type]
        return found

    def at(self, moment: datetime) -> "Scene":
        return replace(self, explainer=replace(self.explainer, clock=lambda: moment))

    def off(self, kind: SwitchKind, within: str, name: str) -> None:
        assert self.board.switch_off(Switch(kind, within, name), "a test", now=NOON)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """
    Alice is in eng, eng in staff; staff may read the plan, bob may not.
    """
    template = tmp_path / "template.db"
    migrate(f"sqlite:///{template}")
    (tmp_path / "one").mkdir()
    budgets = SourceBudgets({HANDBOOK: HOUR})
    with copied(template, tmp_path / "one") as registry:
        registry.define({STAFF: {ENG, BOB}, ENG: {ALICE}})
        registry.settle(registry.commit("plan", PLAN))
        registry.writer.observed(HANDBOOK, at=NOON)
        explainer = Explainer(
            PermissionRegistry(
                registry.database,
                ACME,
                NAMER,
                SEALER,
                lambda currency, switches: budgets.fresh(currency, switches, NOON),
            ),
            History(registry.database, ACME),
            (IdentityLink(ISSUER, "sub", CORP),),
            budgets,
            LabelPolicies({ISSUER: NO_LABEL_POLICY}),
            Directories(),
            ACME,
            lambda: NOON,
        )
        yield Scene(registry, SwitchBoard(registry.writer._database), explainer)  # noqa: SLF001


def test_a_permit_is_the_whole_chain(scene: Scene) -> None:
    found = scene.why()

    assert found.permitted
    digest = PLAN.digest()[:12]
    assert (
        f"{ISSUER} says the subject is 'alice'",
        f"handbook/plan has ACL revision 1, which is readership {digest}",
        "the reader is user:corp/alice",
        "user:corp/alice is a member of group:corp/eng",
        "group:corp/eng is a member of group:corp/staff",
        "gate 1, entry 2 permits group:corp/staff",
    ) == found.chain


def test_a_denial_by_name_says_which_entry(scene: Scene) -> None:
    found = scene.why("bob")

    assert "gates" == found.missing
    assert "gate 1, entry 1: a denial names the reader: user:corp/bob" == found.chain[-1]


def test_a_subject_without_a_link_is_nobody(scene: Scene) -> None:
    unlinked = replace(scene, explainer=replace(scene.explainer, links=()))

    assert "link" == unlinked.why().missing
    elsewhere = Person("https://elsewhere.example", "alice")
    (stranger,) = scene.explainer.explain(elsewhere, DocumentId("plan"))
    assert "link" == stranger.missing


def test_a_document_that_is_not_there_is_the_missing_link(scene: Scene) -> None:
    assert "document" == scene.why(document="no-such").missing


def test_a_broken_seal_is_the_missing_link(scene: Scene) -> None:
    scene.registry.sql("UPDATE documents SET label = 'public'")

    assert "document" == scene.why().missing


@pytest.mark.parametrize(
    "state", [DocumentState.HIDDEN, DocumentState.QUARANTINED, DocumentState.REMOVED]
)
def test_a_document_that_is_not_live_says_what_it_is(scene: Scene, state: DocumentState) -> None:
    scene.registry.change("plan", PLAN, state=state)

    found = scene.why()

    assert "state" == found.missing
    assert state.value in found.chain[-1]


@pytest.mark.parametrize(
    ("kind", "within", "name", "missing"),
    [
        (SwitchKind.READER, ISSUER, "alice", "reader"),
        (SwitchKind.CLIENT, ISSUER, "chat", "reader"),
        (SwitchKind.DOCUMENT, "handbook", "plan", "switch"),
        (SwitchKind.SOURCE, "", "handbook", "switch"),
        (SwitchKind.GROUP, "corp", "eng", "gates"),
    ],
)
def test_a_switch_is_the_missing_link(
    scene: Scene, kind: SwitchKind, within: str, name: str, missing: str
) -> None:
    assert scene.why(client="chat").permitted

    scene.off(kind, within, name)

    assert missing == scene.why(client="chat").missing


def test_a_dark_source_is_the_missing_link(scene: Scene) -> None:
    found = scene.at(NOON + 2 * HOUR).why()

    assert "source" == found.missing
    assert "stale" in found.chain[-1]


def test_a_source_that_is_not_configured_is_the_missing_link(scene: Scene) -> None:
    nothing = replace(scene.explainer, budgets=SourceBudgets({}))

    assert "source" == replace(scene, explainer=nothing).why().missing


def test_points_being_rewritten_are_the_missing_link(scene: Scene) -> None:
    scene.registry.writer.mark_unsettled([key_of("plan")], now=NOON)

    assert "index" == scene.why().missing


@pytest.mark.promise("ceiling")
def test_a_label_above_the_ceiling_is_the_missing_link(scene: Scene) -> None:
    policy = LabelPolicy(("public", "internal"), "public", {"desktop": "internal"})
    labels = LabelPolicies({ISSUER: policy})
    strict = replace(scene, explainer=replace(scene.explainer, labels=labels))

    assert "ceiling" == strict.why().missing
    found = strict.why(client="desktop")
    assert found.permitted
    assert "label 'internal' is within the ceiling 'internal'" in found.chain


def test_the_past_is_explained_as_it_was(scene: Scene) -> None:
    """
    Permission, membership, removal and switch, each at the epoch before and after it.
    """
    epochs = [scene.registry.epoch()]
    steps: list[Callable[[], object]] = [
        lambda: scene.registry.define({STAFF: {BOB}, ENG: {ALICE}}),
        lambda: scene.registry.define({STAFF: {ENG}, ENG: {ALICE}}),
        lambda: scene.registry.change("plan", readable_by(BOB)),
        lambda: scene.registry.change("plan", PLAN),
        lambda: scene.off(SwitchKind.DOCUMENT, "handbook", "plan"),
        lambda: scene.board.switch_on(Switch(SwitchKind.DOCUMENT, "handbook", "plan"), now=NOON),
        lambda: scene.registry.change("plan", None, state=DocumentState.REMOVED),
    ]
    for step in steps:
        step()
        epochs.append(scene.registry.epoch())

    verdicts = [scene.why(at=epoch).missing for epoch in epochs]

    assert ["", "gates", "", "gates", "", "switch", "", "state"] == verdicts
    assert epochs == sorted(set(epochs))
    assert "how fresh handbook was at that time is not recorded" in scene.why(at=epochs[0]).chain


def test_the_past_is_asked_by_time(scene: Scene) -> None:
    scene.registry.writer.apply_permissions(
        HANDBOOK, [], {STAFF: frozenset({BOB})}, now=NOON + HOUR
    )

    assert scene.why(at=NOON + HOUR / 2).permitted
    assert not scene.why(at=NOON + HOUR).permitted


def test_an_expiry_is_judged_by_the_clock_of_the_past(scene: Scene) -> None:
    until = NOON + 2 * HOUR
    scene.registry.change("plan", acl((permit(ALICE, until=until),)))
    later = scene.at(until + HOUR)

    assert not later.why().permitted
    assert later.why(at=until - HOUR).permitted


@pytest.mark.parametrize(
    "when", [Epoch(0), Epoch(10_000), datetime(1990, 1, 1, tzinfo=NOON.tzinfo)]
)
def test_what_is_not_recorded_is_an_error(scene: Scene, when: Epoch | datetime) -> None:
    with pytest.raises(NotRecordedError):
        scene.why(at=when)


def test_a_difference_says_what_was_gained_and_lost(scene: Scene) -> None:
    """
    Exactly these; a document that stayed readable is not named.
    """
    for name, readers in (("stays", ALICE), ("goes", ALICE), ("comes", BOB), ("never", BOB)):
        scene.registry.settle(scene.registry.commit(name, readable_by(readers)))
    before = Epoch(scene.registry.epoch())
    scene.registry.change("goes", readable_by(BOB))
    scene.registry.change("comes", readable_by(ALICE))
    scene.registry.define({STAFF: {BOB}, ENG: {ALICE}})
    scene.registry.change("stays", None, state=DocumentState.REMOVED)
    scene.registry.change("stays", readable_by(ALICE))

    found = scene.explainer.difference(Person(ISSUER, "alice"), before, None)

    assert (before, scene.registry.epoch()) == (found.earlier, found.later)
    assert {"comes"} == {one.document for one in found.gained}
    assert {"goes": "gates", "plan": "gates"} == {one.document: one.missing for one in found.lost}
    back = scene.explainer.difference(Person(ISSUER, "alice"), found.later, before)
    assert {"goes", "plan"} == {one.document for one in back.gained}
