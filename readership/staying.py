"""
Asked again when a body has arrived: may its sender still do this?

Whoever sends a body slowly can be revoked, be switched off, or see their token end meanwhile.
"""

from datetime import datetime

from acl.identity.errors import TokenRejectedError
from acl.identity.reader import VerifiedReader
from acl.identity.revocation import RevocationRule
from acl.model.switches import Switches
from acl.registry.database import Database
from acl.registry.switchboard import SwitchBoard
from retrieval.authorize import require_switched_on


def require_staying(
    reader: VerifiedReader,
    revocation: RevocationRule,
    database: Database,
    switches: SwitchBoard,
    now: datetime,
) -> None:
    """
    Refuse a sender whose token has ended since it was verified.

    Raises:
        TokenRejectedError: It has expired, or was revoked.
        SwitchedOffError: An operator has switched the client, or the subject, off.
        RegistryUnavailableError: The registry did not answer.
    """
    if reader.expires_at <= now:
        msg = "step 10: the token has expired while its request was underway"
        raise TokenRejectedError(msg)
    revocation.check(reader, database)
    require_switched_on(reader, Switches(switches.off()))
