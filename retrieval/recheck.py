"""
Step 5, the third door. Is it still so?

Every hit is decided anew, from the registry as it is now and from the reader's links, as if
the index had checked nothing. A hit stays only if all of this holds:

1. The registry knows the document, and the seal over its statement holds.
2. The document is live, not switched off, and none of its index points is being rewritten.
3. Its source was searched for this reader and its permissions are fresh.
4. The index named the revision, ACL revision, readership and label that the registry has.
5. Its label lies below the ceiling of this request.
6. `decide_read` permits, for the reader's standing at the registry's present epoch.

The search keeps to the same permissions by other code. A hit that is refused all the same says
that one of the two doors is wrong, unless something has changed in between. At the epoch of the
scope that can only be one of these, and only for a hit inside the scope, whose readership and
source the scope names and whose document it does not withhold:

- the document has begun to be rewritten;
- its source has gone dark;
- it is denied, and since the scope was minted an entry has expired, with which scopes end, or
  other sources or directories have become fresh or dark, with which groups become known or
  unknown.

Every other refusal at the epoch of the scope is a discrepancy, and is counted as such. At a later
epoch none is: the search was under permissions that are no longer, and is repeated (`answer`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acl.decision.membership import Standing
from acl.decision.read import Deny, Permit, decide_read
from acl.keys.naming import Namer
from acl.model.documents import DocumentPermission, DocumentState, Hit
from acl.model.identifiers import DocumentKey, Epoch, SourceName
from acl.model.labels import Ceiling
from acl.registry.permissions import Currency, LookedUp, PermissionRegistry
from acl.registry.views import PermissionView
from retrieval.authorize import Authorized, SourceBudgets

BEING_REWRITTEN: Final = "being rewritten"
SOURCE_IS_DARK: Final = "source is dark"
DENIED: Final = "denied"
"""
What a hit inside the scope may come to within one epoch, and no door be wrong.
"""


@dataclass(frozen=True, slots=True)
class Released:
    """
    One hit that may be unsealed, and the statement that permits it.
    """

    hit: Hit
    statement: DocumentPermission
    acl_observed_at: datetime


@dataclass(frozen=True, slots=True)
class Rechecked:
    """
    What stays, at which epoch, and why the rest does not (for the audit record only).

    `discrepancies` counts those of `refused` that only a door that is wrong explains.
    """

    epoch: Epoch
    released: tuple[Released, ...]
    refused: Mapping[str, int]
    discrepancies: Mapping[str, int]


def together(parts: Sequence[Rechecked]) -> Rechecked:
    """
    Add up what was rechecked in portions, at one epoch.
    """
    refused: Counter[str] = Counter()
    discrepancies: Counter[str] = Counter()
    for one in parts:
        refused.update(one.refused)
        discrepancies.update(one.discrepancies)
    released = tuple(hit for one in parts for hit in one.released)
    return Rechecked(parts[0].epoch, released, dict(refused), dict(discrepancies))


@dataclass(frozen=True, slots=True)
class _Present:
    """
    Everything that one recheck decides by, from one transaction of the registry.
    """

    view: PermissionView
    currency: Currency
    standing: Standing
    authorized: Authorized
    fresh: frozenset[SourceName]
    now: datetime

    @property
    def searchable(self) -> frozenset[SourceName]:
        """
        The sources that were searched for this reader and are fresh now.
        """
        return self.authorized.scope.sources & self.fresh

    @property
    def ceiling(self) -> Ceiling:
        """
        How sensitive a document this request may carry away.
        """
        return self.authorized.scope.ceiling


@dataclass(frozen=True, slots=True)
class Rechecker:
    """
    Decides hits and single documents against the registry.
    """

    permissions: PermissionRegistry
    budgets: SourceBudgets
    namer: Namer
    clock: Callable[[], datetime]

    def still_readable(self, hits: Sequence[Hit], authorized: Authorized) -> Rechecked:
        """
        Keep the hits that the reader may read now, in their order.
        """
        asked = {hit.document for hit in hits}
        view, currency, statements = self.permissions.permissions(asked)
        present = self._present(view, currency, authorized)
        released: list[Released] = []
        refused: Counter[str] = Counter()
        discrepancies: Counter[str] = Counter()
        for hit in hits:
            statement = statements.get(hit.document)
            match self._decide(hit, statement, present):
                case Released() as one:
                    released.append(one)
                case reason:
                    refused[reason] += 1
                    if not self._explained(reason, hit, statement, present):
                        discrepancies[reason] += 1
        return Rechecked(present.view.epoch, tuple(released), dict(refused), dict(discrepancies))

    def readable_documents(
        self, keys: Collection[DocumentKey], authorized: Authorized
    ) -> tuple[Epoch, list[tuple[DocumentPermission, datetime]]]:
        """
        Return those documents that the reader may read now, with when their ACL was seen.

        What is not there is decided like what is there and hidden, by another's statement.
        """
        view, currency, found = self.permissions.look_up(list(keys))
        present = self._present(view, currency, authorized)
        readable = [
            (statement, present.currency.acl_observed_at[statement.source])
            for one in found
            if (statement := _without_objection(one, present)) is not None
        ]
        return present.view.epoch, readable

    def _present(
        self, view: PermissionView, currency: Currency, authorized: Authorized
    ) -> _Present:
        now = self.clock()
        fresh = self.budgets.fresh(currency, view.switches, now)
        standing = view.groups.standing_of(authorized.linked)
        return _Present(view, currency, standing, authorized, fresh, now)

    def _decide(
        self, hit: Hit, statement: DocumentPermission | None, present: _Present
    ) -> Released | str:
        if statement is None:
            return "unknown document or broken seal"
        if not self._agrees(hit, statement):
            return "index and registry disagree"
        if (reason := _denial(statement, present)) is not None:
            return reason
        return Released(hit, statement, present.currency.acl_observed_at[statement.source])

    def _explained(
        self, reason: str, hit: Hit, statement: DocumentPermission | None, present: _Present
    ) -> bool:
        scope = present.authorized.scope
        if present.view.epoch != scope.epoch:
            return True
        inside = (
            statement is not None
            and statement.source in scope.sources
            and hit.readership in scope.readerships
            and hit.document not in scope.withheld
        )
        if reason == DENIED:
            blind = {spot.source for spot in present.authorized.blind}
            dark_then = blind, present.authorized.believed
            dark_now = self.budgets.staleness.keys() - present.fresh, present.view.believed
            return inside and (present.now >= scope.expires_at or dark_now != dark_then)
        return inside and reason in {BEING_REWRITTEN, SOURCE_IS_DARK}

    def _agrees(self, hit: Hit, statement: DocumentPermission) -> bool:
        if statement.readership is None:
            return False
        stated = self.namer.readership(statement.readership, statement.label)
        return (hit.revision, hit.acl_revision, hit.readership) == (
            statement.revision,
            statement.acl_revision,
            stated,
        )


def _without_objection(found: LookedUp, present: _Present) -> DocumentPermission | None:
    if found.statement is None:
        return None
    # All of them are sought, and it is asked last whether it is there: every other order would
    # take longer for some of what gets one answer.
    objections = list(_objections(found.statement, present))
    return None if objections or not found.there else found.statement


def _denial(statement: DocumentPermission, present: _Present) -> str | None:
    return next(_objections(statement, present), None)


def _objections(statement: DocumentPermission, present: _Present) -> Iterator[str]:
    if statement.state is not DocumentState.LIVE:
        yield "not live"
    if statement.key in present.view.switched_off:
        yield "switched off"
    if statement.key in present.currency.unsettled:
        yield BEING_REWRITTEN
    if statement.source not in present.searchable:
        yield SOURCE_IS_DARK
    if not present.ceiling.covers(statement.label):
        yield "above the ceiling"
    digest = statement.readership
    snapshot = present.view.by_digest.get(digest) if digest is not None else None
    match decide_read(present.standing, snapshot, now=present.now):
        case Permit():
            return
        case Deny():
            yield DENIED
