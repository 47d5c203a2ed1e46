"""
The comparison with the oracle can fail: faults planted in the decision are all found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from acl.decision import read
from acl.decision.membership import Directory, Standing
from acl.decision.read import Deny, Opening, Permit, decide_read
from acl.model.grants import AclSnapshot, Effect, Entry, Gate
from acl.model.principals import Principal, everyone
from tests.acl.people import ACME, ACME_DOMAIN, ALICE, BOB, ENG, EVERYONE, NOON, STAFF, WIKI, user
from tests.properties import oracle
from tests.properties.oracle import World
from tests.properties.worlds import directory_of

SECOND = timedelta(seconds=1)
STRANGER = user("carol", authority=WIKI)

Case = tuple[World, frozenset[Principal], AclSnapshot]
Gatekeeper = Callable[[Standing, Gate, int, datetime], Opening | Deny]

decide_gate: Gatekeeper = read._decide_gate  # noqa: SLF001 - planted faults wrap it
closure_above = Directory._closure_above  # noqa: SLF001
standing_of = Directory.standing_of
doubtful = Standing.doubtful


MEMBERS = [
    (frozenset({ALICE}),),
    (frozenset({BOB}),),
    (frozenset({EVERYONE}),),
    (frozenset({STAFF}),),
    (frozenset({STRANGER}),),
    (frozenset({ACME_DOMAIN}),),
    (frozenset({ALICE}), frozenset({BOB})),
    (),
]
WORLDS = [
    World(ACME, {one: lists for one, lists in ((ENG, eng), (STAFF, staff)) if lists})
    for eng in MEMBERS
    for staff in ((), (frozenset({ENG}),), (frozenset({ALICE}),))
]
ENTRIES = [
    Entry(effect, frozenset({one}), until)
    for until in (None, NOON, NOON + SECOND)
    for effect in Effect
    for one in (ALICE, STRANGER, ENG, STAFF, ACME_DOMAIN, EVERYONE)
]
LASTING = [entry for entry in ENTRIES if entry.until is None]
GATES: list[Gate] = [
    *[(one,) for one in ENTRIES],
    *[(one, other) for one in ENTRIES for other in LASTING],
]
SNAPSHOTS = [
    AclSnapshot(ACME, (gate, *more))
    for gate in GATES
    for more in ((), ((Entry(Effect.PERMIT, frozenset({BOB})),),))
]


def differences() -> Iterator[Case]:
    """
    Yield every small case that the decision and the oracle decide differently.
    """
    for world in WORLDS:
        known = directory_of(world)
        for linked in (frozenset({ALICE}), frozenset[Principal]()):
            standing = known.standing_of(linked)
            for snapshot in SNAPSHOTS:
                permitted = isinstance(decide_read(standing, snapshot, now=NOON), Permit)
                if permitted is not oracle.permits(world, linked, snapshot, NOON):
                    yield world, linked, snapshot


def rewritten(change: Callable[[Gate], Gate]) -> Gatekeeper:
    def decide(standing: Standing, gate: Gate, number: int, now: datetime) -> Opening | Deny:
        return decide_gate(standing, change(gate), number, now)

    return decide


def first_gate_only(standing: Standing, gate: Gate, number: int, now: datetime) -> Opening | Deny:
    return decide_gate(standing, gate, number, now) if number == 1 else Opening(number, 1, EVERYONE)


def expiry_is_inclusive(
    standing: Standing, gate: Gate, number: int, now: datetime
) -> Opening | Deny:
    alive = tuple(replace(e, until=None) for e in gate if e.until is None or e.until >= now)
    return decide_gate(standing, alive, number, now)


def one_level(self: Directory, start: Iterable[Principal]) -> frozenset[Principal]:
    held = frozenset(start)
    return held | {one for one, members in self.definitions.items() if members & held}


def nobody_is_everyone(self: Directory, linked: Iterable[Principal]) -> Standing:
    held = set(linked)
    return standing_of(self, held or {everyone(ACME)})


def trusts_groups(self: Standing, named: frozenset[Principal]) -> frozenset[Principal]:
    del self, named
    return frozenset()


def trusts_domains(self: Standing, named: frozenset[Principal]) -> frozenset[Principal]:
    return frozenset(one for one in doubtful(self, named) if one.kind == "group")


def trusts_strangers(self: Standing, named: frozenset[Principal]) -> frozenset[Principal]:
    vouched = replace(self, unvouched_groups=frozenset())
    return frozenset(one for one in doubtful(vouched, named) if one.kind != "user")


def _permits_first(gate: Gate) -> Gate:
    return tuple(sorted(gate, key=lambda entry: entry.effect is Effect.DENY))


def _denies_first(gate: Gate) -> Gate:
    return tuple(sorted(gate, key=lambda entry: entry.effect is Effect.PERMIT))


def _without_expiry(gate: Gate) -> Gate:
    return tuple(Entry(entry.effect, entry.principals) for entry in gate)


def _without_denials(gate: Gate) -> Gate:
    return tuple(entry for entry in gate if entry.effect is Effect.PERMIT)


FAULTS: dict[str, tuple[object, str, object]] = {
    "denials are ignored": (read, "_decide_gate", rewritten(_without_denials)),
    "permissions are sorted first": (read, "_decide_gate", rewritten(_permits_first)),
    "denials are sorted first": (read, "_decide_gate", rewritten(_denies_first)),
    "entries never expire": (read, "_decide_gate", rewritten(_without_expiry)),
    "entries expire a moment late": (read, "_decide_gate", expiry_is_inclusive),
    "only the first gate counts": (read, "_decide_gate", first_gate_only),
    "groups nest one level": (Directory, "_closure_above", one_level),
    "nobody is everyone": (Directory, "standing_of", nobody_is_everyone),
    "unknown groups may be denied in vain": (Standing, "doubtful", trusts_groups),
    "strangers may be denied in vain": (Standing, "doubtful", trusts_strangers),
    "unknown domains may be denied in vain": (Standing, "doubtful", trusts_domains),
}


def test_without_a_fault_every_small_case_is_decided_alike() -> None:
    """
    All of them: one gate of one or two entries, alone or before one that stays shut.
    """
    assert len(WORLDS) * len(SNAPSHOTS) > 20_000
    assert next(differences(), None) is None


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With the fault, at least one of these cases is decided differently.
    """
    owner, name, replacement = FAULTS[fault]
    monkeypatch.setattr(owner, name, replacement)

    assert next(differences(), None) is not None
