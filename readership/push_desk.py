"""
Where push clients are served: who may push, what is recorded, what they are told.

1. Who pushes? The same tokens as for readers, with a scope and a client of their own.
2. May this client push to this source? Not, and no such source, are one answer.
3. What is stated? Nothing is changed unless all of it is understood.
4. The permission takes effect, together with its audit record.
5. A short content is waited for, if nothing else is queued; a long one is not.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from acl.errors import ReadershipError
from acl.identity.presented import Credentials
from acl.identity.tokens import TokenVerifier
from acl.model.identifiers import Epoch, SourceName
from acl.model.pushes import Conditions, PushState
from acl.model.scopes import INGEST_SCOPE
from acl.registry.pushed_content import PushQueue, PushStatus
from acl.registry.submission import Accepted, Submission
from ingestion.push import PushIntake
from ingestion.pushed_body import (
    Namespace,
    named_document,
    named_group,
    read_document,
    read_group,
)
from ingestion.pushed_content import PushWorker
from readership.recording import MAX_RECORDED_MEMBERS, DeskRecords, Request
from readership.staying import SenderRule
from retrieval.authenticate import authenticate
from retrieval.errors import NotFoundError

WAITED_BYTES: Final = 32 * 2**10
WAITED_SECONDS: Final = 10.0


class PushNotAllowedError(ReadershipError):
    """
    The client may not push to a source of this name, whether there is one or not.
    """

    public_message = "this client may not push there"
    code = "push_not_allowed"

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class PushedSource:
    """
    A source that clients may push to; a client is known with its issuer. `observes` if it has
    no folder: then pushes alone say how old its permissions are.
    """

    name: SourceName
    space: Namespace
    clients: frozenset[tuple[str, str]]
    observes: bool


@dataclass(frozen=True, slots=True)
class Pusher:
    """
    A verified client at one of its sources; made by `PushDesk.admit` only.
    """

    request: Request
    source: PushedSource


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What a push client is told. `state` is `None` where there is no content.
    """

    request_id: str
    source: str
    revision: int
    created: bool
    epoch: Epoch
    state: PushState | None = None
    reason: str = ""
    push: str | None = None


@dataclass(frozen=True, slots=True)
class PushDesk:
    """
    Everything that a push client can do.
    """

    verifier: TokenVerifier
    sources: Mapping[str, PushedSource]
    intake: PushIntake
    queue: PushQueue
    worker: PushWorker
    records: DeskRecords
    senders: SenderRule
    clock: Callable[[], datetime]

    def admit(self, credentials: Credentials, source: str, operation: str) -> Pusher:
        """
        Say who pushes to which source. Before this nothing of a body is read.

        Raises:
            NotAuthenticatedError, TokenRejectedError: The uniform 401.
            InsufficientScopeError: The token was not issued for pushing.
            SwitchedOffError: An operator has switched the client, or the subject, off.
            NotAdmittedError: A directory says that the sender is gone, or does not know it.
            PushNotAllowedError: The client is not named by a source of this name.
        """
        request = Request(secrets.token_hex(16), authenticate(credentials, self.verifier))
        with self.records.refusals(request, {"source": source, "operation": operation}):
            return Pusher(request, self._admitted(request, source))

    def _admitted(self, request: Request, source: str) -> PushedSource:
        reader = request.reader
        self.senders.require(reader, INGEST_SCOPE)
        found = self.sources.get(source)
        if found is None or (reader.issuer, reader.client) not in found.clients:
            raise PushNotAllowedError(request.id)
        if reader.sources is not None and found.name not in reader.sources:
            raise PushNotAllowedError(request.id)
        return found

    def require_staying(self, pusher: Pusher, operation: str) -> None:
        """
        Ask again, now that the body is here; see `readership.staying`.
        """
        with self.records.refusals(pusher.request, _at(pusher, operation)):
            self.senders.require(pusher.request.reader, INGEST_SCOPE)

    def put_document(
        self, pusher: Pusher, identifier: str, body: bytes, conditions: Conditions
    ) -> Receipt:
        """
        Accept a document and, if it is short, wait for its content.

        Raises:
            MalformedPushError: Nothing was changed; so for the next two.
            PreconditionFailedError: A condition does not hold.
            StaleEventError: A newer event has been accepted.
        """
        pushed = read_document(body, identifier, pusher.source.space)
        details: dict[str, object] = {
            "document": identifier,
            "acl": pushed.acl.digest(),
            "label": pushed.label,
        }
        alone = self.queue.pending() == 0
        accepted = self.intake.put_document(
            self._submission(pusher, conditions),
            pushed,
            self._recorder(pusher, "put document", conditions, details),
        )
        self.worker.settle(accepted.touched)
        self.worker.wake()
        waited = alone and len(pushed.content) <= WAITED_BYTES
        return self._receipt(pusher, accepted, WAITED_SECONDS if waited else 0.0)

    def delete_document(self, pusher: Pusher, identifier: str, conditions: Conditions) -> Receipt:
        """
        Remove a document; errors as in `put_document`.
        """
        accepted = self.intake.delete_document(
            self._submission(pusher, conditions),
            named_document(identifier),
            self._recorder(pusher, "delete document", conditions, {"document": identifier}),
        )
        self.worker.settle(accepted.touched)
        return self._receipt(pusher, accepted, 0.0)

    def put_group(
        self, pusher: Pusher, identifier: str, body: bytes, conditions: Conditions
    ) -> Receipt:
        """
        Define a group; errors as in `put_document`.
        """
        group, members = read_group(body, identifier, pusher.source.space)
        details: dict[str, object] = {
            "group": identifier,
            "members": sorted(str(member) for member in members)[:MAX_RECORDED_MEMBERS],
            "count": len(members),
        }
        recorder = self._recorder(pusher, "put group", conditions, details)
        accepted = self.intake.put_group(
            self._submission(pusher, conditions), group, members, recorder
        )
        return self._receipt(pusher, accepted, 0.0)

    def delete_group(self, pusher: Pusher, identifier: str, conditions: Conditions) -> Receipt:
        """
        Leave a group undefined; errors as in `put_document`.
        """
        accepted = self.intake.delete_group(
            self._submission(pusher, conditions),
            named_group(identifier, pusher.source.space),
            self._recorder(pusher, "delete group", conditions, {"group": identifier}),
        )
        return self._receipt(pusher, accepted, 0.0)

    def status(self, pusher: Pusher, push: str) -> PushStatus:
        """
        Return how far a push is.

        Raises:
            NotFoundError: There is none of this client at this source.
        """
        found = self.queue.status(push)
        asked = (pusher.request.reader.client, pusher.source.name)
        if found is None or (found.client, found.source) != asked:
            msg = f"push {push!r:.80}"
            raise NotFoundError(msg)
        return found

    def record_refusal(self, pusher: Pusher, operation: str, error: ReadershipError) -> None:
        """
        Record that a push changed nothing, before its client is told.
        """
        self.records.refused(pusher.request, _at(pusher, operation), error)

    def _submission(self, pusher: Pusher, conditions: Conditions) -> Submission:
        return Submission(
            source=pusher.source.name,
            authority=pusher.source.space.authority,
            client=pusher.request.reader.client,
            at=self.clock(),
            conditions=conditions,
            observes=pusher.source.observes,
        )

    def _recorder(
        self,
        pusher: Pusher,
        operation: str,
        conditions: Conditions,
        details: Mapping[str, object],
    ) -> Callable[[Accepted], None]:
        def record(accepted: Accepted) -> None:
            stated = {
                **_at(pusher, operation),
                "event": conditions.event,
                "revision": accepted.revision,
                "epoch": accepted.epoch,
                "push": accepted.push,
            }
            self.records.accepted(pusher.request, {**stated, **details})

        return record

    def _receipt(self, pusher: Pusher, accepted: Accepted, seconds: float) -> Receipt:
        receipt = Receipt(
            pusher.request.id,
            pusher.source.name,
            accepted.revision,
            accepted.created,
            accepted.epoch,
        )
        if accepted.push is None:
            return receipt
        status = self.worker.wait(accepted.push, seconds=seconds)
        if status is None:
            return replace(receipt, state=PushState.SUPERSEDED, push=accepted.push)
        return replace(receipt, state=status.state, reason=status.reason, push=accepted.push)


def _at(pusher: Pusher, operation: str) -> dict[str, object]:
    return {"source": pusher.source.name, "operation": operation}
