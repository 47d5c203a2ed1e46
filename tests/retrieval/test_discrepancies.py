"""
A refusal at the epoch of the scope is a discrepancy between the doors, unless something has
changed in between that begins no epoch.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from acl.model.documents import DocumentState, Hit
from acl.model.identifiers import SourceName
from acl.model.switches import SwitchKind
from acl.registry.permissions import PermissionRegistry
from retrieval.authorize import Authorized
from retrieval.recheck import Rechecked
from tests.acl.people import (
    ACME,
    ALICE,
    BOB,
    CAROL,
    HANDBOOK,
    INTRANET,
    NOON,
    acl,
    deny,
    group,
    permit,
    readable_by,
)
from tests.acl.registry.registries import NAMER, SEALER, key_of
from tests.retrieval.scene import HOUR, PLAN, Scene

pytestmark = [pytest.mark.promise("doors-agree"), pytest.mark.promise("recheck")]

SECOND = timedelta(seconds=1)
SHORT_LIVED = acl((permit(ALICE, until=NOON + 2 * SECOND),))
GUESTS = group("guests")
ALL_BUT_GUESTS = acl((deny(GUESTS), permit(ALICE)))


def state(doors: Scene, state: DocumentState) -> None:
    doors.registry.change("plan", PLAN, state=state)
    doors.settle()


def give_away(doors: Scene) -> None:
    doors.registry.change("plan", readable_by(BOB))
    doors.settle()


def relabel(doors: Scene) -> None:
    doors.registry.change("plan", PLAN, label="secret")
    doors.settle()


def edit(doors: Scene) -> None:
    doors.registry.sql("UPDATE documents SET label = 'x' WHERE key = ?", key_of("plan"))


def rewrite(doors: Scene) -> None:
    doors.registry.writer.mark_unsettled([key_of("plan")], now=NOON)


def found(doors: Scene, may: Authorized, *hits: Hit) -> Rechecked:
    """
    Recheck what the search found although it should not have, or should have.
    """
    checked = doors.rechecker.still_readable(hits or [doors.hit()], may)
    assert checked.released == ()
    return checked


WRONG: dict[str, tuple[Callable[[Scene], None], str]] = {
    "withdrawn": (lambda d: state(d, DocumentState.SUSPENDED), "not live"),
    "switched off": (lambda d: d.off(SwitchKind.DOCUMENT, HANDBOOK, "plan"), "switched off"),
    "withheld": (rewrite, "being rewritten"),
    "somebody else's": (give_away, "denied"),
    "labelled": (relabel, "above the ceiling"),
}


@pytest.mark.parametrize("why", sorted(WRONG))
def test_what_the_scope_did_not_cover_is_a_discrepancy(doors: Scene, why: str) -> None:
    change, reason = WRONG[why]
    change(doors)
    below = doors.labelled("internal", "secret")

    checked = found(below, below.asks())

    assert {reason: 1} == checked.refused == checked.discrepancies


def test_what_the_registry_does_not_vouch_for_is_a_discrepancy(doors: Scene) -> None:
    hit = doors.hit()
    edit(doors)
    stranger = replace(hit, document=key_of("stranger"))

    checked = found(doors, doors.asks(), hit, stranger)

    assert {"unknown document or broken seal": 2} == checked.discrepancies


@pytest.mark.parametrize("field", ["revision", "acl_revision", "readership"])
def test_an_index_that_says_something_else_is_a_discrepancy(doors: Scene, field: str) -> None:
    hit = doors.hit()
    other = replace(hit, **{field: getattr(hit, field) + 1})

    checked = found(doors, doors.asks(), other)

    assert {"index and registry disagree": 1} == checked.discrepancies


def test_a_source_that_was_not_asked_for_is_a_discrepancy(doors: Scene) -> None:
    doors.registry.writer.observed(INTRANET, at=NOON)
    both = doors.budgeted(handbook=1, intranet=1)

    checked = found(both, both.asks(sources=[INTRANET]))

    assert {"source is dark": 1} == checked.discrepancies


def test_a_scope_that_covers_too_much_is_a_discrepancy(doors: Scene) -> None:
    """
    The scope covers what it should not: alice's, for bob.
    """
    may = replace(doors.asks(), linked=frozenset({BOB}))

    assert {"denied": 1} == found(doors, may).discrepancies


def test_what_is_released_is_none(doors: Scene) -> None:
    checked = doors.rechecker.still_readable([doors.hit(), doors.hit("twin")], doors.asks())

    assert ({}, {}) == (checked.refused, checked.discrepancies)


@pytest.mark.parametrize("why", sorted(WRONG.keys() - {"withheld"}))
def test_a_new_epoch_explains_everything(doors: Scene, why: str) -> None:
    """
    The scope was minted before; the search will be repeated under a new one.
    """
    change, reason = WRONG[why]
    below = doors.labelled("internal", "secret")
    may = below.asks()
    change(doors)

    checked = found(below, may)

    assert may.scope.epoch < checked.epoch
    assert ({reason: 1}, {}) == (checked.refused, checked.discrepancies)


def test_rewriting_that_has_begun_since_is_none(doors: Scene) -> None:
    may = doors.asks()
    rewrite(doors)

    checked = found(doors, may)

    assert may.scope.epoch == checked.epoch
    assert ({"being rewritten": 1}, {}) == (checked.refused, checked.discrepancies)


def test_outside_the_scope_rewriting_explains_nothing(doors: Scene) -> None:
    give_away(doors)
    may = doors.asks()
    rewrite(doors)

    assert {"being rewritten": 1} == found(doors, may).discrepancies


def test_a_source_that_went_dark_since_is_none(doors: Scene) -> None:
    checked = found(doors.at(NOON + 2 * HOUR), doors.asks())

    assert ({"source is dark": 1}, {}) == (checked.refused, checked.discrepancies)


def test_a_permission_that_expired_since_is_none(doors: Scene) -> None:
    doors.registry.change("plan", SHORT_LIVED)
    doors.settle()
    may = doors.asks()

    assert doors.at(NOON + SECOND).rechecker.still_readable([doors.hit()], may).released
    checked = found(doors.at(NOON + 2 * SECOND), may)

    assert ({"denied": 1}, {}) == (checked.refused, checked.discrepancies)


def test_a_permission_that_had_expired_before_is_one(doors: Scene) -> None:
    """
    The control of the one above: the scope was minted when it no longer counted.
    """
    doors.registry.change("plan", SHORT_LIVED)
    doors.settle()
    later = doors.at(NOON + 3 * SECOND)

    assert {"denied": 1} == found(later, later.asks()).discrepancies


def test_groups_that_are_no_longer_known_are_none(doors: Scene) -> None:
    """
    The source that defines a denied group goes dark: nobody knows any more whom it means.
    """
    but_guests(doors, INTRANET)
    doors.registry.writer.observed(INTRANET, at=NOON - HOUR + SECOND)
    may = believing(doors, NOON).asks()

    checked = found(believing(doors, NOON + 2 * SECOND), may)

    assert may.scope.epoch == checked.epoch
    assert NOON + 2 * SECOND < may.scope.expires_at
    assert ({"denied": 1}, {}) == (checked.refused, checked.discrepancies)


def test_groups_that_a_dark_source_defines_as_well_are_in_no_scope(doors: Scene) -> None:
    """
    So that hearing it again, and with that a contradiction, takes nothing away from a scope.
    """
    but_guests(doors, HANDBOOK)
    assert doors.hit().readership in believing(doors, NOON).asks().scope.readerships
    doors.registry.define({GUESTS: {BOB}}, source=INTRANET)

    may = believing(doors, NOON).asks()

    assert doors.hit().readership not in may.scope.readerships
    assert {"denied": 1} == found(believing(doors, NOON), may).discrepancies


def test_groups_of_a_directory_that_has_fallen_silent_since_are_none(doors: Scene) -> None:
    """
    It has no documents, and so is no source that could be dark.
    """
    but_guests(doors, INTRANET)
    sources = doors.budgeted(handbook=2)

    def hearing(*names: SourceName) -> Scene:
        permissions = PermissionRegistry(
            doors.registry.database, ACME, NAMER, SEALER, lambda *_: frozenset(names)
        )
        return replace(
            sources,
            authorizer=replace(sources.authorizer, permissions=permissions),
            rechecker=replace(sources.rechecker, permissions=permissions),
        )

    may = hearing(HANDBOOK, INTRANET).asks()

    checked = found(hearing(HANDBOOK), may)

    assert ({"denied": 1}, {}) == (checked.refused, checked.discrepancies)


def but_guests(doors: Scene, source: SourceName) -> None:
    """
    Let alice read the plan, unless she is a guest; a source says that only carol is.
    """
    doors.registry.define({GUESTS: {CAROL}}, source=source)
    doors.registry.change("plan", ALL_BUT_GUESTS)
    doors.settle()


def believing(doors: Scene, moment: datetime) -> Scene:
    """
    Return the same at a moment, where groups count if their source is fresh.
    """
    both = doors.budgeted(handbook=2, intranet=1).at(moment)
    budgets = both.rechecker.budgets
    permissions = PermissionRegistry(
        doors.registry.database,
        ACME,
        NAMER,
        SEALER,
        lambda currency, switches: budgets.fresh(currency, switches, moment),
    )
    return replace(
        both,
        authorizer=replace(both.authorizer, permissions=permissions),
        rechecker=replace(both.rechecker, permissions=permissions),
    )
