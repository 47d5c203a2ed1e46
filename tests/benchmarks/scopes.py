"""
From a reader to the readerships that this reader may see, in a large company.

100,000 users, 10,000 groups nested more than 20 deep, 100,000 readerships with denials, ordered
gates and second gates. Cold is the first question of a reader in an epoch; warm every later
one. The baseline decides each readership by `decide_read`, as the specification does.
"""

import random  # noqa: TID251 - repeatable on purpose
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from acl.decision.membership import Directory
from acl.decision.read import Permit, decide_read
from acl.decision.visibility import VisibilityIndex
from acl.model.grants import AclSnapshot, Effect, Entry
from acl.model.identifiers import ReadershipKey
from acl.model.labels import NO_CEILING
from acl.model.principals import Principal
from acl.model.readerships import Readership
from tests.acl.people import ACME, NOON, group, user

USERS: Final = 100_000
GROUPS: Final = 10_000
READERSHIPS: Final = 100_000
DEPTH: Final = 25
EFFECTIVE: Final = (200, 3_000, 10_000)
READERS: Final = 40
BASELINE_READERSHIPS: Final = 2_000


@dataclass(frozen=True)
class BigCompany:
    """
    A directory, its readerships, and readers by how many groups they are in.
    """

    directory: Directory
    readerships: Mapping[ReadershipKey, Readership]
    readers: Mapping[int, list[Principal]]


def big_company(seed: int = 1) -> BigCompany:
    """
    Draw a company; the same for the same seed.
    """
    rng = random.Random(seed)  # noqa: S311
    members: list[set[Principal]] = [set() for _ in range(GROUPS)]
    groups = [group(f"g{number}") for number in range(GROUPS)]
    # Departments: a chain of 25 groups each, and links between neighbours.
    for number in range(GROUPS):
        if number % DEPTH:
            members[number].add(groups[number - 1])
        elif number:
            members[number].add(groups[rng.randrange(number)])
    for number in range(USERS):
        for _ in range(3):
            members[rng.randrange(GROUPS)].add(user(f"u{number}"))
    readers = {count: _readers(rng, members, count) for count in EFFECTIVE}
    directory = Directory(
        ACME, {one: frozenset(some) for one, some in zip(groups, members, strict=True)}
    )
    readerships = {
        ReadershipKey(number): Readership(_acl(rng, groups, number), "internal")
        for number in range(1, READERSHIPS + 1)
    }
    return BigCompany(directory, readerships, readers)


def _readers(rng: random.Random, members: list[set[Principal]], count: int) -> list[Principal]:
    # At the bottom of a department a reader holds all the groups above it.
    readers = [user(f"reader-{count}-{number}") for number in range(READERS)]
    departments = GROUPS // DEPTH
    for reader in readers:
        for department in rng.sample(range(departments), min(count // DEPTH, departments)):
            members[department * DEPTH].add(reader)
    return readers


def _acl(rng: random.Random, groups: list[Principal], number: int) -> AclSnapshot:
    some = rng.sample(groups, rng.randint(1, 4))
    gate = [Entry(Effect.PERMIT, frozenset([*some, user(f"u{number % USERS}")]))]
    if number % 4 == 0:
        gate.insert(0, Entry(Effect.DENY, frozenset([rng.choice(groups)])))
    if number % 8 == 0:
        gate.append(Entry(Effect.DENY, frozenset([rng.choice(groups)])))
    gates = [tuple(gate)]
    if number % 5 == 0:
        gates.append((Entry(Effect.PERMIT, frozenset(groups[: GROUPS // 2000])), *gate))
    return AclSnapshot(ACME, tuple(gates))


def measure() -> dict[str, Any]:
    """
    Build the company and time its readers.
    """
    company = big_company()
    before = _resident()
    started = time.perf_counter()
    index = VisibilityIndex.of(company.directory, company.readerships)
    built = time.perf_counter() - started
    found: dict[str, Any] = {
        "users": USERS,
        "groups": GROUPS,
        "readerships": READERSHIPS,
        "build_seconds": built,
        "resident_mib": (_resident() - before) / 2**20,
        "readers": {},
    }
    for count, readers in company.readers.items():
        found["readers"][str(count)] = _timed(index, company, readers)
    return found


def _timed(index: VisibilityIndex, company: BigCompany, readers: list[Principal]) -> dict[str, Any]:
    cold, warm, plain, held, seen = [], [], [], [], []
    index.visible(frozenset({user("somebody")}), ceiling=NO_CEILING, now=NOON)
    sample = dict(list(company.readerships.items())[:BASELINE_READERSHIPS])
    for reader in readers:
        linked = frozenset({reader})
        cold.append(_milliseconds(lambda: index.visible(linked, ceiling=NO_CEILING, now=NOON)))  # noqa: B023
        warm += [
            _milliseconds(lambda: index.visible(linked, ceiling=NO_CEILING, now=NOON))  # noqa: B023
            for _ in range(20)
        ]
        standing = company.directory.standing_of(linked)
        held.append(len(standing.principals))
        visible = index.visible(linked, ceiling=NO_CEILING, now=NOON).readerships
        seen.append(len(visible))
        started = time.perf_counter()
        expected = {
            key
            for key, one in sample.items()
            if isinstance(decide_read(standing, one.acl, now=NOON), Permit)
        }
        plain.append((time.perf_counter() - started) * 1e3 * READERSHIPS / len(sample))
        if expected != {key for key in visible if key in sample}:
            msg = "the index and the rule disagree"
            raise AssertionError(msg)
    return {
        "groups_held": int(np.median(held)),
        "visible": int(np.median(seen)),
        "cold_ms": _percentiles(cold),
        "warm_ms": _percentiles(warm),
        "rule_ms": _percentiles(plain),
        "ratio_cold_to_rule": float(np.median(cold) / np.median(plain)),
    }


def _milliseconds(call: Any) -> float:  # noqa: ANN401 - anything that can be called
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


def _percentiles(times: list[float]) -> dict[str, float]:
    p50, p95, p99 = (float(one) for one in np.percentile(times, (50, 95, 99)))
    return {"p50": p50, "p95": p95, "p99": p99}


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
