"""
The guards that a new enemy meets, each with a way to take it away.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from acl.index.edge_writer import EdgeWriter
from acl.index.writing import Publication
from acl.model.documents import DocumentPermission, Hit
from acl.model.identifiers import DocumentKey, Epoch, ReadershipKey
from acl.registry.content import SealedRevision
from acl.registry.writing import RegistryWriter
from ingestion.sources.exchange import ExchangeSource
from retrieval.answer import ReadingRoom
from retrieval.authorize import Authorized
from retrieval.recheck import Rechecked, Rechecker, Released, _objections, _Present
from retrieval.unseal import Unsealer, _Opened

DECISION: Final = "decision"
"""The last door decides anew, by the registry as it is."""
COMPARISON: Final = "comparison"
"""What the index names is what the registry has: revision, ACL revision, readership, label."""
ONE_EPOCH: Final = "one epoch"
"""Scope, recheck and what is opened are of one epoch."""
REVISION: Final = "revision"
"""Only the revision is opened that was rechecked; it is compared, and sealed under its number."""


@dataclass(frozen=True)
class DoubtfulRechecker(Rechecker):
    """
    Believes the first door and the index, as far as guards are `off`.
    """

    off: frozenset[str] = frozenset()

    def still_readable(self, hits: Sequence[Hit], authorized: Authorized) -> Rechecked:
        asked = {hit.document for hit in hits}
        view, currency, statements = self.permissions.permissions(asked)
        present = self._present(view, currency, authorized)
        released = tuple(
            Released(hit, statement, present.currency.acl_observed_at[statement.source])
            for hit in hits
            if (statement := statements.get(hit.document)) is not None
            and self._agrees(hit, statement)
            and self._permits(statement, present, authorized, hit.readership)
        )
        return Rechecked(self._epoch(present, authorized), released, {}, {})

    def readable_documents(
        self, keys: Collection[DocumentKey], authorized: Authorized
    ) -> tuple[Epoch, list[tuple[DocumentPermission, datetime]]]:
        view, currency, statements = self.permissions.permissions(keys)
        present = self._present(view, currency, authorized)
        return present.view.epoch, [
            (one, present.currency.acl_observed_at[one.source])
            for one in statements.values()
            if self._permits(one, present, authorized, self._named(one))
        ]

    def _agrees(self, hit: Hit, statement: DocumentPermission) -> bool:
        return COMPARISON in self.off or super()._agrees(hit, statement)

    def _permits(
        self,
        statement: DocumentPermission,
        present: _Present,
        authorized: Authorized,
        named: ReadershipKey | None,
    ) -> bool:
        reasons = set(_objections(statement, present))
        if DECISION in self.off and named in authorized.scope.readerships:
            reasons.discard("denied")
        return not reasons

    def _named(self, statement: DocumentPermission) -> ReadershipKey | None:
        if statement.readership is None:
            return None
        return self.namer.readership(statement.readership, statement.label)

    def _epoch(self, present: _Present, authorized: Authorized) -> Epoch:
        return authorized.scope.epoch if ONE_EPOCH in self.off else present.view.epoch


@dataclass(frozen=True)
class DoubtfulUnsealer(Unsealer):
    """
    Opens what it finds, as far as guards are `off`.
    """

    off: frozenset[str] = frozenset()

    def _open(
        self,
        statement: DocumentPermission,
        sealed: Mapping[DocumentKey, SealedRevision],
        epoch: Epoch,
    ) -> _Opened | None:
        found = sealed.get(statement.key)
        if found is not None and ONE_EPOCH in self.off:
            epoch = found.epoch
        if found is not None and REVISION in self.off:
            statement = replace(statement, revision=found.revision)
        return super()._open(statement, sealed, epoch)


def without(room: ReadingRoom, off: Collection[str]) -> ReadingRoom:
    """
    Return the room with these guards taken away.
    """
    old, unsealer, gone = room.rechecker, room.unsealer, frozenset(off)
    rechecker = DoubtfulRechecker(old.permissions, old.budgets, old.namer, old.clock, gone)
    doubtful = DoubtfulUnsealer(unsealer.content, unsealer.keks, unsealer.tenant, gone)
    return replace(room, rechecker=rechecker, unsealer=doubtful)


class _Instead:
    """
    Acts as a part, but for what a subclass does.
    """

    def __init__(self, real: Any) -> None:  # noqa: ANN401 - any part
        self._real = real

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any part
        return getattr(self._real, name)


class _Trusting(_Instead):
    def unchanged_since(self, observation: object) -> bool:
        """
        Never look again.
        """
        del observation
        return True


def believing_the_listing(part: Any) -> Any:  # noqa: ANN401 - any part
    """
    A sync that does not ask whether permissions are still those observed.
    """
    return _Trusting(part) if isinstance(part, ExchangeSource) else part


class _Late(_Instead):
    """
    Applies the first permissions of a sync at its end.
    """

    later: Callable[[], object] | None = None

    def apply_permissions(self, *arguments: Any, **named: Any) -> list[DocumentKey]:  # noqa: ANN401
        self.later = self.later or (lambda: self._real.apply_permissions(*arguments, **named))
        return []

    def carried_through(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        if self.later is not None:
            self.later()
        self._real.carried_through(*arguments, **named)


def content_first(part: Any) -> Any:  # noqa: ANN401 - any part
    """
    A sync that applies permissions after content.
    """
    return _Late(part) if isinstance(part, RegistryWriter) else part


def stale_payload(readership: ReadershipKey) -> Callable[[Any], Any]:
    """
    An index into which somebody writes the readership of an older snapshot.
    """

    class Stale(_Instead):
        def publish(self, publications: Sequence[Publication]) -> None:
            self._real.publish([replace(one, readership=readership) for one in publications])

    return lambda part: Stale(part) if isinstance(part, EdgeWriter) else part
