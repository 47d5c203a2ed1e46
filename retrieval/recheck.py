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
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from acl.decision.membership import Standing
from acl.decision.read import Deny, Permit, decide_read
from acl.keys.naming import Namer
from acl.model.documents import DocumentPermission, DocumentState, Hit
from acl.model.identifiers import DocumentKey, Epoch, SourceName
from acl.model.labels import Ceiling
from acl.registry.permissions import Currency, PermissionRegistry
from acl.registry.views import PermissionView
from retrieval.authorize import Authorized, SourceBudgets


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
    """

    epoch: Epoch
    released: tuple[Released, ...]
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Present:
    """
    Everything that one recheck decides by, from one transaction of the registry.
    """

    view: PermissionView
    currency: Currency
    standing: Standing
    searchable: frozenset[SourceName]
    ceiling: Ceiling
    now: datetime


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
        present, statements = self._ask({hit.document for hit in hits}, authorized)
        released: list[Released] = []
        refused: Counter[str] = Counter()
        for hit in hits:
            statement = statements.get(hit.document)
            if statement is None:
                refused["unknown document or broken seal"] += 1
            elif not self._agrees(hit, statement):
                refused["index and registry disagree"] += 1
            elif (reason := _denial(statement, present)) is not None:
                refused[reason] += 1
            else:
                seen = present.currency.acl_observed_at[statement.source]
                released.append(Released(hit, statement, seen))
        return Rechecked(present.view.epoch, tuple(released), dict(refused))

    def readable_documents(
        self, keys: Collection[DocumentKey], authorized: Authorized
    ) -> tuple[Epoch, list[tuple[DocumentPermission, datetime]]]:
        """
        Return those documents that the reader may read now, with when their ACL was seen.
        """
        present, statements = self._ask(keys, authorized)
        return present.view.epoch, [
            (statement, present.currency.acl_observed_at[statement.source])
            for statement in statements.values()
            if _denial(statement, present) is None
        ]

    def _ask(
        self, keys: Collection[DocumentKey], authorized: Authorized
    ) -> tuple[_Present, Mapping[DocumentKey, DocumentPermission]]:
        view, currency, statements = self.permissions.permissions(keys)
        now = self.clock()
        fresh = self.budgets.fresh(currency, view.switches, now)
        standing = view.groups.standing_of(authorized.linked)
        searchable = authorized.scope.sources & fresh
        ceiling = authorized.scope.ceiling
        return _Present(view, currency, standing, searchable, ceiling, now), statements

    def _agrees(self, hit: Hit, statement: DocumentPermission) -> bool:
        if statement.readership is None:
            return False
        stated = self.namer.readership(statement.readership, statement.label)
        return (hit.revision, hit.acl_revision, hit.readership) == (
            statement.revision,
            statement.acl_revision,
            stated,
        )


def _denial(statement: DocumentPermission, present: _Present) -> str | None:
    return next(_objections(statement, present), None)


def _objections(statement: DocumentPermission, present: _Present) -> Iterator[str]:
    if statement.state is not DocumentState.LIVE:
        yield "not live"
    if statement.key in present.view.switched_off:
        yield "switched off"
    if statement.key in present.currency.unsettled:
        yield "being rewritten"
    if statement.source not in present.searchable:
        yield "source is dark"
    if not present.ceiling.covers(statement.label):
        yield "above the ceiling"
    digest = statement.readership
    snapshot = present.view.by_digest.get(digest) if digest is not None else None
    match decide_read(present.standing, snapshot, now=present.now):
        case Permit():
            return
        case Deny():
            yield "denied"
