"""
Step 1. Who asks? Everything after trusts only what this returns.
"""

from acl.identity.possession import BEARER, DPOP
from acl.identity.presented import Credentials, presented
from acl.identity.reader import VerifiedReader
from acl.identity.tokens import TokenVerifier
from retrieval.errors import NotAuthenticatedError

SCHEMES = frozenset({BEARER, DPOP})

Asking = Credentials | VerifiedReader
"""
What a request presented, or whom it was already verified to come from: a proof of possession
is good for one verification, and so is what an issuer says of a token at this moment.
"""


def authenticate(credentials: Asking, verifier: TokenVerifier) -> VerifiedReader:
    """
    Verify the token in a request's `Authorization` header, with what came beside it.

    Raises:
        NotAuthenticatedError: There is not exactly one header of scheme Bearer or DPoP.
        TokenRejectedError: The token proves nothing.
        KeysUnavailableError: It cannot be judged now.
    """
    if isinstance(credentials, VerifiedReader):
        return credentials
    came = presented(credentials)
    if len(came.authorization) != 1:
        msg = f"{len(came.authorization)} Authorization headers"
        raise NotAuthenticatedError(msg)
    scheme, _, token = came.authorization[0].partition(" ")
    if scheme.lower() not in SCHEMES or not token:
        msg = "the Authorization header is not of scheme Bearer or DPoP"
        raise NotAuthenticatedError(msg)
    return verifier.verify(token, scheme.lower(), came)
