"""
What verification yields.

Only `acl.identity.tokens` makes a reader. The constructor asks for the verifying right, which
no other module imports (`tests/architecture` looks), so a reader cannot be written by hand, nor
copied with another subject by `dataclasses.replace`, nor come back from a pickle.
"""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Final, NewType

from acl.identity.errors import ReaderRefusedError
from acl.model.assurance import UNKNOWN_SIGN_IN, SignIn

VerifiedClaims = NewType("VerifiedClaims", Mapping[str, object])
"""
Claims whose signature, type, issuer, audience and times were checked.

Only `acl.identity.tokens` makes one. Do not cast to it.
"""


class VerifyingRight:
    """
    Held by `acl.identity.tokens` alone.
    """


VERIFYING_RIGHT: Final = VerifyingRight()


@dataclass(frozen=True, slots=True)
class VerifiedReader:
    """
    Who asks, through which client, and what the token lets them ask for.

    A subject is unique only with its issuer. `actors` is the delegation chain, outermost
    first (RFC 8693, section 4.1); only the outermost may ever matter to a decision.
    `scopes` and `sources` are what token, client and actor all allow (`acl.model.delegation`);
    `via` names client and actor for people, and `refused` says why nobody is let in on this token,
    for operators; such a reader has no scopes and no sources. `service` says that no person
    seems to be behind the token, which never gives a right.
    """

    issuer: str
    subject: str
    client: str
    actors: tuple[str, ...]
    scopes: frozenset[str]
    expires_at: datetime
    claims: VerifiedClaims
    service: bool = False
    groups: frozenset[str] = frozenset()
    sources: frozenset[str] | None = None
    sign_in: SignIn = UNKNOWN_SIGN_IN
    via: tuple[str, ...] = ()
    refused: str = ""
    right: InitVar[VerifyingRight | None] = None

    def __post_init__(self, right: VerifyingRight | None) -> None:
        if right is not VERIFYING_RIGHT:
            msg = "a verified reader is made by acl.identity.tokens and by nothing else"
            raise PermissionError(msg)

    def require_accepted(self) -> None:
        """
        Refuse a reader who is let in nowhere.

        Raises:
            ReaderRefusedError: So it is.
        """
        if self.refused:
            raise ReaderRefusedError(self.refused)

    def __reduce__(self) -> tuple[object, ...]:
        # Copies and pickles would come back without asking for the right.
        msg = "a verified reader is neither copied nor written down"
        raise TypeError(msg)

    def __repr__(self) -> str:
        # Claims are personal data; what is recorded of them is the audit trail's to say.
        return f"VerifiedReader({self.sentence()!r}, issuer={self.issuer!r})"

    def sentence(self) -> str:
        """
        Say who asks, through what, and for whom, as an audit record does.
        """
        client, *actor = self.via or (self.client, *self.actors[:1])
        return ", ".join([self.subject, f"via {client}", *(f"for agent {one}" for one in actor)])
