"""
Makes the index follow the registry, document by document. Safe to repeat, safe to interrupt.

A document is marked unsettled in the registry before its points are touched, and settled only
after the index has flushed, unless it has been changed meanwhile. Whatever a crash leaves between
the two is found here. Several processes settle, each in its turn.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from acl.index.turn import Turn
from acl.index.writing import ChunkWriter, Publication
from acl.keys.naming import Namer
from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentKey
from acl.registry.writing import RegistryWriter, SettledState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settler:
    """
    Brings points into the state that the registry has committed.
    """

    registry: RegistryWriter
    index: ChunkWriter
    namer: Namer
    turn: Turn = field(default_factory=Turn)

    def settle_all(self) -> int:
        """
        Settle whatever is unsettled; return how many documents that were.

        If the index then holds another number of points than the registry knows of, part of
        it was lost or replaced, and every document is looked at.
        """
        with self.turn.taken():
            keys = self.registry.unsettled()
            self.settle(keys)
            if self.agrees():
                return len(keys)
            logger.error("the index has lost points; looking at every document")
            doubted = self.registry.mark_all_unsettled(now=datetime.now(UTC))
            self.settle(doubted)
            return len(doubted)

    def agrees(self) -> bool:
        """
        Say whether the index holds as many points as the registry knows of settled documents.
        """
        with self.turn.taken():
            return self.index.total() == self.registry.settled_chunks()

    def settle(self, keys: Sequence[DocumentKey]) -> None:
        """
        Settle these documents. One whose points are missing stays unsettled, and with that
        out of every search, until its content has been processed anew.
        """
        if keys:
            with self.turn.taken():
                self._settle(keys)

    def _settle(self, keys: Sequence[DocumentKey]) -> None:
        publications: list[Publication] = []
        withdrawn: dict[DocumentKey, int] = {}
        removed: list[DocumentKey] = []
        incomplete: list[DocumentKey] = []
        seen = {key: self.registry.settled_state(key) for key in keys}
        for key, state in seen.items():
            if state is None or state.permission.state is DocumentState.REMOVED:
                removed.append(key)
            elif not self._complete(state):
                incomplete.append(key)
            elif state.permission.state is DocumentState.LIVE:
                publications.append(self._publication(state))
            else:
                withdrawn[key] = state.permission.revision
        self.index.publish(publications)
        self.index.withdraw(list(withdrawn))
        # Publishing drops what a broken-off run has staged; withdrawing must, too.
        self.index.discard_uncommitted(withdrawn)
        self.index.remove([*removed, *incomplete])
        self.index.flush()
        self.registry.settle({key: seen[key] for key in seen.keys() - set(incomplete)})
        self._process_anew(incomplete)

    def _complete(self, state: SettledState) -> bool:
        permission = state.permission
        if permission.readership is None and permission.state is DocumentState.LIVE:
            return False
        return self.index.count(permission.key, permission.revision) == len(state.chunks)

    def _publication(self, state: SettledState) -> Publication:
        permission = state.permission
        if permission.readership is None:
            msg = "a document without a readership is never complete"
            raise AssertionError(msg)
        readership = self.namer.readership(permission.readership, permission.label)
        return Publication(permission.key, permission.revision, permission.acl_revision, readership)

    def _process_anew(self, keys: Sequence[DocumentKey]) -> None:
        if keys:
            logger.warning("%d documents have lost index points; processing anew", len(keys))
            self.registry.forget_fingerprints(keys)
