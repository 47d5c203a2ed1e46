"""
Readers without tokens, for tests of what comes after verification.

They take the verifying right, which in the product only `acl.identity.tokens` does.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from acl.identity.reader import VERIFYING_RIGHT, VerifiedClaims, VerifiedReader
from tests.acl.identity.issuers import ISSUER, NOW


def proven(subject: str = "alice", **members: Any) -> VerifiedReader:  # noqa: ANN401
    """
    Return whom a token would prove.
    """
    said: dict[str, Any] = {
        "issuer": ISSUER,
        "subject": subject,
        "client": "chat",
        "actors": (),
        "scopes": frozenset({"rag.search"}),
        "expires_at": datetime.fromtimestamp(NOW, tz=UTC) + timedelta(hours=1),
        "claims": VerifiedClaims({"sub": subject}),
    }
    return VerifiedReader(**(said | members), right=VERIFYING_RIGHT)
