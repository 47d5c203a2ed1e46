"""
A view shares with its predecessor what did not change, and nothing that did.
"""

from collections.abc import Callable

import pytest

from acl.decision.read import Permit, decide_read
from acl.model.documents import DocumentState
from acl.model.identifiers import SourceName
from acl.model.principals import Principal
from acl.model.switches import Switch, Switches, SwitchKind
from acl.registry import views
from acl.registry.permissions import Currency, PermissionRegistry
from acl.registry.switchboard import SwitchBoard
from acl.registry.views import PermissionView
from tests.acl.people import (
    ACME,
    ALICE,
    BOB,
    CAROL,
    ENG,
    HANDBOOK,
    INTRANET,
    NOON,
    acl,
    deny,
    group,
    permit,
    readable_by,
    user,
)
from tests.acl.registry.registries import NAMER, SEALER, Registry, key_of

pytestmark = pytest.mark.promise("revocation")

PLAN, FOR_BOB = readable_by(ENG), readable_by(BOB)


@pytest.fixture(autouse=True)
def plan(registry: Registry) -> None:
    """
    Alice may read the plan, as a member of eng; the views of every test begin with that.
    """
    registry.commit("plan", PLAN)
    registry.define({ENG: {ALICE}})
    assert may_read(registry)


@pytest.fixture
def board(registry: Registry) -> SwitchBoard:
    return SwitchBoard(registry.writer._database)  # noqa: SLF001 - a writing connection


def may_read(registry: Registry, *, who: Principal = ALICE) -> bool:
    """
    Ask the rule and the scope's index, which must agree; of views of the same process.
    """
    view, _, found = registry.reader.permissions([key_of("plan")])
    statement = found[key_of("plan")]
    snapshot = view.by_digest.get(statement.readership) if statement.readership else None
    standing = view.groups.standing_of(frozenset({who}))
    return isinstance(decide_read(standing, snapshot, now=NOON), Permit)


CHANGES: dict[str, tuple[Callable[[Registry], object], set[str]]] = {
    "a group": (lambda r: r.define({ENG: {BOB}}), {PLAN.digest()}),
    "a group that is gone": (lambda r: r.define({}), {PLAN.digest()}),
    "an ACL": (lambda r: r.change("plan", FOR_BOB), {FOR_BOB.digest()}),
    "no ACL": (lambda r: r.change("plan", None, state=DocumentState.HIDDEN), set()),
    "a removal": (lambda r: r.change("plan", None, state=DocumentState.REMOVED), set()),
    "a new revision": (lambda r: r.commit("plan", FOR_BOB, revision=2), {FOR_BOB.digest()}),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_the_next_view_has_whatever_changed(registry: Registry, what: str) -> None:
    """
    And nothing that it replaced: a scope is made of the readerships of a view.
    """
    change, in_force = CHANGES[what]

    change(registry)

    assert not may_read(registry)
    view, _ = registry.reader.current()
    assert registry.reader.epoch() == view.epoch
    assert in_force == set(view.by_digest)
    assert {NAMER.readership(one, "internal") for one in view.by_digest} == set(view.readerships)


def test_a_standing_is_remembered_for_one_reader(registry: Registry) -> None:
    """
    The group itself, and bob, who is in it as well, are asked after alice.
    """
    registry.define({ENG: {ALICE, BOB}})
    registry.change("plan", acl((deny(ALICE), permit(ENG))))

    assert not may_read(registry)
    assert may_read(registry, who=ENG)
    assert may_read(registry, who=BOB)
    assert not may_read(registry, who=CAROL)


@pytest.mark.promise("unknown-group")
def test_groups_of_a_source_that_is_not_believed_grant_nothing(registry: Registry) -> None:
    """
    It has gone dark between two questions, and no epoch has begun.
    """
    believed = {HANDBOOK, INTRANET}

    def these(currency: Currency, switches: Switches) -> frozenset[SourceName]:
        del currency, switches
        return frozenset(believed)

    reader = PermissionRegistry(registry.database, ACME, NAMER, SEALER, these)

    def definitions(view: PermissionView) -> set[Principal]:
        return set(view.directory.definitions)

    assert {ENG} == definitions(reader.current()[0])
    believed.remove(HANDBOOK)
    assert set() == definitions(reader.current()[0])
    believed.add(HANDBOOK)
    assert {ENG} == definitions(reader.current()[0])


@pytest.mark.promise("switches")
def test_a_group_that_is_switched_off_is_unknown(registry: Registry, board: SwitchBoard) -> None:
    """
    It grants nothing, and a denial of it keeps everybody out.
    """
    group = Switch(SwitchKind.GROUP, ENG.authority, ENG.id)
    assert board.switch_off(group, "a test", now=NOON)
    assert not may_read(registry)
    registry.change("plan", acl((deny(ENG), permit(CAROL))))
    assert not may_read(registry, who=CAROL)

    assert board.switch_on(group, now=NOON)
    assert may_read(registry, who=CAROL)
    assert not may_read(registry)


@pytest.mark.promise("switches")
def test_a_switch_is_an_epoch_of_its_own(registry: Registry, board: SwitchBoard) -> None:
    """
    Off and on again; a document of the same id in another source is another switch.
    """
    mine, other = (Switch(SwitchKind.DOCUMENT, one, "plan") for one in (HANDBOOK, INTRANET))
    off: list[tuple[int, frozenset[str]]] = []

    def look() -> None:
        view, _ = registry.reader.current()
        off.append((view.epoch, view.switched_off))

    look()
    assert board.switch_off(mine, "a test", now=NOON)
    look()
    assert board.switch_off(other, "a test", now=NOON)
    assert board.switch_on(other, now=NOON)
    look()
    assert board.switch_on(mine, now=NOON)
    look()

    assert [frozenset(), {key_of("plan")}, {key_of("plan")}, frozenset()] == [o for _, o in off]
    assert [0, 1, 3, 4] == [epoch - off[0][0] for epoch, _ in off]


def test_numbers_begin_anew_and_mix_up_nobody(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Members and ACLs come and go; what was numbered for them is given up, and the views stay right.
    """
    monkeypatch.setattr(views, "SPARE", 4)
    sizes = []
    for number in range(30):
        registry.define({ENG: {ALICE, user(f"guest-{number}")}, group(f"of-{number}"): {BOB}})
        registry.change("plan", acl((deny(user(f"foe-{number}")), permit(ENG))))
        assert may_read(registry)
        assert not may_read(registry, who=BOB)
        assert may_read(registry, who=user(f"guest-{number}"))
        built = registry.reader._views._last  # noqa: SLF001
        assert built is not None
        sizes.append(len(built.gates.numbers))

    assert max(sizes) < 40
    assert sizes != sorted(sizes)
