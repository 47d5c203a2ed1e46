"""
The third door, rule by rule: whatever the index found is decided again.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from acl.model.documents import DocumentState, Hit
from acl.model.identifiers import ReadershipKey
from acl.model.switches import SwitchKind
from tests.acl.people import ALICE, BOB, HANDBOOK, INTRANET, NOON, readable_by
from tests.acl.registry.registries import key_of
from tests.retrieval.scene import HOUR, PLAN, Scene

pytestmark = pytest.mark.promise("recheck")

DISAGREE = "index and registry disagree"


def refusals(doors: Scene, *hits: Hit, asked: Scene | None = None) -> dict[str, int]:
    """
    Return why these hits, or that of the plan, are refused to alice; nothing if they are not.

    Both ways through the door must say the same of the plan.
    """
    may = (asked or doors).asks()
    checked = doors.rechecker.still_readable(hits or (doors.hit(),), may)
    _, readable = doors.rechecker.readable_documents([key_of("plan")], may)
    assert hits or bool(readable) is bool(checked.released)
    assert len(hits or ("plan",)) == len(checked.released) + sum(checked.refused.values())
    return dict(checked.refused)


def test_what_is_readable_is_released_as_the_registry_states_it(doors: Scene) -> None:
    checked = doors.rechecker.still_readable([doors.hit("twin"), doors.hit()], doors.asks())

    assert [key_of("twin"), key_of("plan")] == [one.statement.key for one in checked.released]
    assert {NOON} == {one.acl_observed_at for one in checked.released}
    assert doors.registry.epoch() == checked.epoch


def test_1_a_document_that_the_registry_does_not_know_is_refused(doors: Scene) -> None:
    stranger = replace(doors.hit(), document=key_of("stranger"))

    assert {"unknown document or broken seal": 1} == refusals(doors, stranger)


@pytest.mark.promise("acl-seal")
def test_1_a_statement_that_was_edited_is_refused(doors: Scene) -> None:
    good = doors.hit()
    doors.registry.sql("UPDATE documents SET label = 'x' WHERE key = ?", key_of("plan"))

    assert {"unknown document or broken seal": 1} == refusals(doors, good)


@pytest.mark.parametrize(
    "state", [DocumentState.SUSPENDED, DocumentState.QUARANTINED, DocumentState.HIDDEN]
)
def test_2_a_document_that_is_not_live_is_refused(doors: Scene, state: DocumentState) -> None:
    """
    Although another document with the same ACL is live, so that the ACL is in force.
    """
    doors.registry.change("plan", PLAN, state=state)
    doors.settle()

    assert {"not live": 1} == refusals(doors)


@pytest.mark.promise("switches")
def test_2_a_document_that_is_switched_off_is_refused(doors: Scene) -> None:
    doors.off(SwitchKind.DOCUMENT, HANDBOOK, "plan")

    assert {"switched off": 1} == refusals(doors)
    assert {} == refusals(doors, doors.hit("twin"))


def test_2_a_document_that_is_being_rewritten_is_refused(doors: Scene) -> None:
    doors.registry.writer.mark_unsettled([key_of("plan")], now=NOON)

    assert {"being rewritten": 1} == refusals(doors)


DARKNESS: dict[str, Callable[[Scene], Scene]] = {
    "stale": lambda d: d.at(NOON + 2 * HOUR),
    "not configured": lambda d: d.budgeted(intranet=1),
}


@pytest.mark.parametrize("why", sorted(DARKNESS))
def test_3_a_source_that_went_dark_since_it_was_searched_is_refused(doors: Scene, why: str) -> None:
    assert {"source is dark": 1} == refusals(DARKNESS[why](doors), asked=doors)


def test_3_a_source_that_was_not_searched_is_refused(doors: Scene) -> None:
    doors.registry.writer.observed(INTRANET, at=NOON)
    may = doors.budgeted(handbook=1, intranet=1).asks(sources=[INTRANET])

    checked = doors.rechecker.still_readable([doors.hit()], may)

    assert {"source is dark": 1} == checked.refused


@pytest.mark.parametrize("field", ["revision", "acl_revision", "readership"])
def test_4_a_hit_that_names_something_else_than_the_registry_is_refused(
    doors: Scene, field: str
) -> None:
    """
    An index that was not told, or was told something of another document.
    """
    good = doors.hit()
    for other in (getattr(good, field) - 1, getattr(good, field) + 1):
        assert {DISAGREE: 1} == refusals(doors, replace(good, **{field: other}))


def test_4_a_label_is_part_of_what_the_index_must_name(doors: Scene) -> None:
    before = doors.hit()
    doors.registry.change("plan", PLAN, label="secret")
    doors.settle()

    relabelled = replace(doors.hit(), readership=before.readership)

    assert before.readership != doors.hit().readership
    assert {DISAGREE: 1} == refusals(doors, relabelled)


def test_4_a_document_without_a_readership_agrees_with_no_hit(doors: Scene) -> None:
    good = doors.hit()
    doors.registry.change("plan", None, state=DocumentState.LIVE)
    doors.settle()

    for readership in (good.readership, ReadershipKey(0)):
        told = replace(good, acl_revision=good.acl_revision + 1, readership=readership)
        assert {DISAGREE: 1} == refusals(doors, told)


@pytest.mark.promise("ceiling")
def test_5_a_label_above_the_ceiling_is_refused(doors: Scene) -> None:
    doors.registry.change("plan", PLAN, label="secret")
    doors.settle()

    assert {"above the ceiling": 1} == refusals(doors.labelled("internal", "secret"))
    assert {} == refusals(doors.labelled("secret"))


@pytest.mark.promise("revocation")
def test_6_whoever_may_no_longer_read_is_refused(doors: Scene) -> None:
    """
    By the registry's present epoch, and not by that of the scope.
    """
    may = doors.asks()
    doors.registry.change("plan", readable_by(BOB))
    doors.settle()

    checked = doors.rechecker.still_readable([doors.hit(), doors.hit("twin")], may)

    assert {"denied": 1} == checked.refused
    assert [key_of("twin")] == [one.statement.key for one in checked.released]
    assert may.scope.epoch < checked.epoch
    assert frozenset({ALICE}) == may.linked
