"""
Whoever sends instead of asking: may they still? Asked when a request arrives, and again when its
body has: whoever sends slowly can be revoked, be switched off, be deactivated, or see their token
end meanwhile.

1. A token that has ended, or was revoked, proves nothing.
2. It must have been issued for this.
3. No operator has switched the client, or the subject, off.
4. Every directory that speaks for whom the token is linked to admits them, as it does at the door
   of those who ask. A client without a person behind it, and without a service link, is nobody
   there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from acl.directory.people import load_people
from acl.identity.errors import TokenRejectedError
from acl.identity.linking import Link, link
from acl.identity.reader import VerifiedReader
from acl.identity.revocation import RevocationRule
from acl.model.identifiers import SourceName, TenantId
from acl.registry.database import Database
from acl.registry.permissions import present
from acl.registry.switching import load_switches
from acl.wiring import Ground
from retrieval.admit import Directories
from retrieval.authorize import require_switched_on
from retrieval.errors import InsufficientScopeError
from retrieval.identity_wiring import identity_links, revocation_rule
from retrieval.wiring import speaking_directories


@dataclass(frozen=True, slots=True)
class SenderRule:
    """
    Who may send. Nothing is remembered: each question is put to the registry.
    """

    database: Database
    revocation: RevocationRule
    directories: Directories
    links: tuple[Link, ...]
    tenant: TenantId
    clock: Callable[[], datetime]

    def require(
        self, reader: VerifiedReader, scope: str, *, provisions: SourceName | None = None
    ) -> None:
        """
        Refuse a sender who may not, or may not any more.

        The directory that it `provisions` itself need not know it before it was provisioned, nor
        have been heard of lately; but must not say that it is gone.

        Raises:
            TokenRejectedError: The token has expired, or was revoked.
            InsufficientScopeError: It was not issued for this.
            SwitchedOffError: An operator has switched the client, or the subject, off.
            NotAdmittedError: A directory says that the sender is gone, or does not know it.
            RegistryUnavailableError: The registry did not answer.
        """
        now = self.clock()
        if reader.expires_at <= now:
            msg = "step 10: the token has expired while its request was underway"
            raise TokenRejectedError(msg)
        linked = link(reader, self.links, self.tenant)
        with self.database.reading() as connection:
            self.revocation.require_in_force(reader, connection)
            if scope not in reader.scopes:
                raise InsufficientScopeError(scope)
            switches = load_switches(connection)
            require_switched_on(reader, switches)
            if not linked:
                return
            _, currency = present(connection)
            people = load_people(connection)
        directories = _for_whom_provisions(self.directories, provisions)
        believed = directories.believed(currency, switches, now)
        directories.require_admitted(linked, people, believed)


def build_sender_rule(ground: Ground) -> SenderRule:
    """
    Return the rule of an installation.
    """
    return SenderRule(
        ground.database,
        revocation_rule(ground.configuration),
        speaking_directories(ground.configuration),
        identity_links(ground.configuration),
        ground.tenant,
        ground.clock,
    )


def _for_whom_provisions(directories: Directories, own: SourceName | None) -> Directories:
    if own is None:
        return directories
    speaking = tuple(
        replace(one, admits_unknown=True) if one.name == own else one
        for one in directories.speaking
    )
    return replace(directories, speaking=speaking, staleness={**directories.staleness, own: None})
