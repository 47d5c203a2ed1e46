"""
Step 1. Who asks? Everything after trusts only what this returns.
"""

from collections.abc import Sequence

from acl.identity.reader import VerifiedReader
from acl.identity.tokens import TokenVerifier
from retrieval.errors import NotAuthenticatedError

SCHEME = "bearer"


def authenticate(authorization: Sequence[str], verifier: TokenVerifier) -> VerifiedReader:
    """
    Verify the token in the values of a request's `Authorization` headers.

    Raises:
        NotAuthenticatedError: There is not exactly one header of scheme Bearer.
        TokenRejectedError: The token proves nothing.
        KeysUnavailableError: It cannot be judged now.
    """
    if len(authorization) != 1:
        msg = f"{len(authorization)} Authorization headers"
        raise NotAuthenticatedError(msg)
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != SCHEME or not token:
        msg = "the Authorization header is not of scheme Bearer"
        raise NotAuthenticatedError(msg)
    return verifier.verify(token)
