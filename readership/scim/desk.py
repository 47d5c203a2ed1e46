"""
Where provisioning clients are served: who may provision, what is recorded.

1. Who asks? The same tokens as for readers, with a scope of its own.
2. Which directory is that client's? One that is no directory's is refused.
3. What is stated? Nothing is changed unless all of it is understood.
4. The change takes effect, together with its epoch, its history and its audit record.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from acl.errors import ReadershipError
from acl.identity.presented import Credentials
from acl.identity.reader import VerifiedReader
from acl.identity.tokens import TokenVerifier
from acl.model.identifiers import SourceName
from acl.model.scopes import SCIM_SCOPE
from acl.registry.provisioned import ProvisionedRegistry
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from readership.recording import MAX_RECORDED_MEMBERS, DeskRecords, Request
from readership.scim.errors import ProvisioningNotAllowedError
from readership.staying import SenderRule
from retrieval.authenticate import authenticate


@dataclass(frozen=True, slots=True)
class ScimDirectory:
    """
    A directory, and what reads and writes it.
    """

    name: SourceName
    users: UserProvisioning
    groups: GroupProvisioning
    registry: ProvisionedRegistry
    unique_group_names: bool


@dataclass(frozen=True, slots=True)
class Provisioner:
    """
    A verified client and its directory; made by `ScimDesk.admit` only.
    """

    request: Request
    directory: ScimDirectory


@dataclass(frozen=True, slots=True)
class ScimDesk:
    """
    Everything that a provisioning client can do. `directories` are known by issuer and client.
    """

    verifier: TokenVerifier
    directories: Mapping[tuple[str, str], ScimDirectory]
    records: DeskRecords
    senders: SenderRule
    refused_token: Callable[[ReadershipError, str], None]
    clock: Callable[[], datetime]
    base: str

    def admit(self, credentials: Credentials, request_id: str, operation: str) -> Provisioner:
        """
        Say whose directory it is. Before this nothing of a body is read.

        Raises:
            NotAuthenticatedError, TokenRejectedError: The uniform 401.
            InsufficientScopeError: The token was not issued for provisioning.
            SwitchedOffError: An operator has switched the client, or the subject, off.
            NotAdmittedError: A directory says that the sender is gone, or does not know it.
            ProvisioningNotAllowedError: No directory is provisioned by the client, or client or
                actor are held to some sources.
        """
        request = Request(request_id, authenticate(credentials, self.verifier))
        with self.records.refusals(request, {"operation": operation}):
            directory = self._admitted(request.reader)
        directory.users.heard(now=self.clock())
        return Provisioner(request, directory)

    def require_staying(self, by: Provisioner, operation: str) -> None:
        """
        Ask again, now that the body is here; see `readership.staying`.
        """
        with self.records.refusals(by.request, _at(by, operation)):
            self._admitted(by.request.reader)

    def _admitted(self, reader: VerifiedReader) -> ScimDirectory:
        found = self.directories.get((reader.issuer, reader.client))
        own = None if found is None else found.name
        self.senders.require(reader, SCIM_SCOPE, provisions=own)
        # A directory's groups count in every source: whoever is held to some has no part in it.
        if found is None or reader.sources is not None:
            raise ProvisioningNotAllowedError
        return found

    def recorder(self, by: Provisioner, operation: str) -> "_Recorder":
        """
        Return what records a change before it commits, and remembers what it came to.
        """
        return _Recorder(self, by, operation)

    def record_refusal(self, by: Provisioner, operation: str, error: ReadershipError) -> None:
        """
        Record that a request changed nothing, before its client is told.
        """
        self.records.refused(by.request, _at(by, operation), error)

    def record_change(self, by: Provisioner, operation: str, done: Provisioned) -> None:
        """
        Record what a change has come to.
        """
        details: dict[str, object] = {
            **_at(by, operation),
            "id": done.id,
            "principal": str(done.principal),
            "version": done.version,
            "epoch": done.epoch,
            "changed": done.changed,
        }
        if done.state:
            details["state"] = done.state
        for what, members in (("added", done.added), ("removed", done.removed)):
            if members:
                details[what] = list(members[:MAX_RECORDED_MEMBERS])
                details[f"{what}_count"] = len(members)
        self.records.accepted(by.request, details)


class _Recorder:
    """
    Called once, in the transaction of a change.
    """

    def __init__(self, desk: ScimDesk, by: Provisioner, operation: str) -> None:
        self._desk, self._by, self._operation = desk, by, operation
        self.epoch = 0

    def __call__(self, done: Provisioned) -> None:
        """
        Record, or raise, and then nothing commits.
        """
        self._desk.record_change(self._by, self._operation, done)
        self.epoch = done.epoch


def new_request_id() -> str:
    """
    Draw the id of a request.
    """
    return secrets.token_hex(16)


def _at(by: Provisioner, operation: str) -> dict[str, object]:
    return {"directory": by.directory.name, "operation": operation}
