"""
May this reader see that document, now?

The rules, in the order they are applied:

1. No snapshot: deny. Unknown is not public.
2. Another tenant: deny.
3. No gates: deny. The source said nobody.
4. Each gate, in order, must open. In a gate:
   a. an entry whose expiry has come is passed over;
   b. a denial decides if it names one of the reader's principals, or somebody whom the
      reader might be: a group whose members are not fully known, or a user of an authority
      in which nobody vouches for who the reader is (`acl.decision.membership`);
   c. a permission decides if it names one of the reader's principals;
   d. the first entry that decides, decides; if none does, the gate is shut.
5. Every gate has opened: permit.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from acl.decision.membership import Standing
from acl.model.grants import AclSnapshot, Effect, Gate
from acl.model.principals import Principal


@dataclass(frozen=True, slots=True)
class Opening:
    """
    Why one gate opened: the entry (counted from 1) and the principal that it named.
    """

    gate: int
    entry: int
    principal: Principal


@dataclass(frozen=True, slots=True)
class Permit:
    """
    The reader may read; one opening for every gate.
    """

    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Deny:
    """
    The reader may not read, and this is the first reason found.

    `gate` and `entry` count from 1 and are 0 where none is to blame.
    """

    reason: str
    gate: int = 0
    entry: int = 0
    principal: Principal | None = None


Decision: TypeAlias = Permit | Deny

NO_SNAPSHOT = Deny("no ACL is known, and unknown is nobody")
OTHER_TENANT = Deny("the document belongs to another tenant")
NO_GATES = Deny("the source permits nobody")


def decide_read(standing: Standing, snapshot: AclSnapshot | None, *, now: datetime) -> Decision:
    """
    Decide whether a reader of this standing may read a document with this ACL.
    """
    if snapshot is None:
        return NO_SNAPSHOT
    if snapshot.tenant != standing.tenant:
        return OTHER_TENANT
    if not snapshot.gates:
        return NO_GATES
    openings: list[Opening] = []
    for number, gate in enumerate(snapshot.gates, 1):
        verdict = _decide_gate(standing, gate, number, now)
        if isinstance(verdict, Deny):
            return verdict
        openings.append(verdict)
    return Permit(tuple(openings))


def _decide_gate(standing: Standing, gate: Gate, number: int, now: datetime) -> Opening | Deny:
    for position, entry in enumerate(gate, 1):
        if entry.until is not None and entry.until <= now:
            continue
        named = entry.principals & standing.principals
        if entry.effect is Effect.PERMIT and named:
            return Opening(number, position, min(named))
        if entry.effect is Effect.DENY and named:
            return Deny("a denial names the reader", number, position, min(named))
        if entry.effect is Effect.DENY and (doubtful := standing.doubtful(entry.principals)):
            reason = "a denial names somebody whom the reader might be"
            return Deny(reason, number, position, min(doubtful))
    return Deny("no entry names the reader", number)
