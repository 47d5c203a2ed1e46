"""
The scopes of this service (RFC 6749, section 3.3), and how issuers write them.

Every right to do something here comes from a token's scopes; there is no other key to any door.
Some issuers know scopes by a longer name than they put into tokens, or put in the longer one:
Entra ID is asked for `<application>/rag.search` and issues `rag.search`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SEARCH_SCOPE: Final = "rag.search"
READ_SCOPE: Final = "rag.read"
INGEST_SCOPE: Final = "rag.ingest"
SCIM_SCOPE: Final = "rag.scim"
AUDIT_SCOPE: Final = "rag.audit"
ADMIN_SCOPE: Final = "rag.admin"
REVEAL_SCOPE: Final = "rag.reveal"
READERS_SCOPES: Final = (SEARCH_SCOPE, READ_SCOPE)
"""
What a reader's client is told to ask for.
"""

SCOPES: Final = frozenset(
    {*READERS_SCOPES, INGEST_SCOPE, SCIM_SCOPE, AUDIT_SCOPE, ADMIN_SCOPE, REVEAL_SCOPE}
)
"""
All there are. No operation takes `rag.admin` or `rag.reveal` yet.
"""


@dataclass(frozen=True, slots=True)
class ScopeNames:
    """
    How issuers name the scopes of this service: each after one prefix, which may be empty.
    """

    prefix: str = ""

    def asked_as(self, *scopes: str) -> str:
        """
        Return the names that a client must ask an issuer for, separated by spaces.
        """
        return " ".join(f"{self.prefix}{one}" for one in scopes)

    def own(self, granted: Iterable[str]) -> frozenset[str]:
        """
        Return the scopes of a token by our names; the prefix may be there or not.
        """
        return frozenset(one.removeprefix(self.prefix) for one in granted)


PLAIN_SCOPES: Final = ScopeNames()
"""
Without a prefix.
"""
