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
from typing import Final

from acl.audit.chain import AuditTrail
from acl.audit.events import AuditEvent
from acl.errors import ReadershipError
from acl.identity.presented import Credentials
from acl.identity.reader import VerifiedReader
from acl.identity.revocation import RevocationRule
from acl.identity.tokens import TokenVerifier
from acl.model.identifiers import SourceName
from acl.model.scopes import SCIM_SCOPE
from acl.model.switches import Switches
from acl.registry.database import Database
from acl.registry.provisioned import ProvisionedRegistry
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from acl.registry.switchboard import SwitchBoard
from readership.scim.errors import ProvisioningNotAllowedError
from readership.staying import require_staying
from retrieval.authenticate import authenticate
from retrieval.authorize import require_switched_on
from retrieval.errors import InsufficientScopeError

MAX_REASON_CHARACTERS: Final = 500
MAX_RECORDED_MEMBERS: Final = 100


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

    request_id: str
    reader: VerifiedReader
    directory: ScimDirectory


@dataclass(frozen=True, slots=True)
class ScimDesk:
    """
    Everything that a provisioning client can do. `directories` are known by issuer and client.
    """

    verifier: TokenVerifier
    directories: Mapping[tuple[str, str], ScimDirectory]
    switches: SwitchBoard
    trail: AuditTrail
    refused_token: Callable[[ReadershipError, str], None]
    clock: Callable[[], datetime]
    base: str
    revocation: RevocationRule
    database: Database

    def admit(self, credentials: Credentials, request_id: str, operation: str) -> Provisioner:
        """
        Say whose directory it is. Before this nothing of a body is read.

        Raises:
            NotAuthenticatedError, TokenRejectedError: The uniform 401.
            InsufficientScopeError: The token was not issued for provisioning.
            SwitchedOffError: An operator has switched the client, or the subject, off.
            ProvisioningNotAllowedError: No directory is provisioned by the client.
        """
        reader = authenticate(credentials, self.verifier)
        try:
            directory = self._admitted(reader)
        except ReadershipError as error:
            self._record(request_id, reader, "refused", {"operation": operation, **_why(error)})
            raise
        directory.users.heard(now=self.clock())
        return Provisioner(request_id, reader, directory)

    def require_staying(self, by: Provisioner) -> None:
        """
        Ask again, now that the body is here; see `readership.staying`.
        """
        require_staying(by.reader, self.revocation, self.database, self.switches, self.clock())

    def _admitted(self, reader: VerifiedReader) -> ScimDirectory:
        self.revocation.check(reader, self.database)
        if SCIM_SCOPE not in reader.scopes:
            raise InsufficientScopeError(SCIM_SCOPE)
        require_switched_on(reader, Switches(self.switches.off()))
        found = self.directories.get((reader.issuer, reader.client))
        if found is None:
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
        details = {"directory": by.directory.name, "operation": operation, **_why(error)}
        self._record(by.request_id, by.reader, "refused", details)

    def record_change(self, by: Provisioner, operation: str, done: Provisioned) -> None:
        """
        Record what a change has come to.
        """
        details: dict[str, object] = {
            "directory": by.directory.name,
            "operation": operation,
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
        self._record(by.request_id, by.reader, "accepted", details)

    def _record(
        self,
        request_id: str,
        reader: VerifiedReader,
        outcome: str,
        details: Mapping[str, object],
    ) -> None:
        self.trail.append(
            AuditEvent(
                at=self.clock(),
                request_id=request_id,
                action="provision",
                outcome=outcome,
                issuer=reader.issuer,
                subject=reader.subject,
                client=reader.client,
                actors=reader.actors,
                details=details,
            )
        )


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


def _why(error: ReadershipError) -> dict[str, object]:
    return {"code": error.code, "reason": error.diagnostics()[:MAX_REASON_CHARACTERS]}
