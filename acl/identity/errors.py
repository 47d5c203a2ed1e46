"""
What can go wrong with a token.
"""

from acl.errors import ReadershipError


class TokenRejectedError(ReadershipError):
    """
    The bearer token proves nothing. Whoever sent it learns just that.
    """

    public_message = "invalid token"
    code = "invalid_token"


class KeysUnavailableError(ReadershipError):
    """
    The issuer's keys could not be had, so no token of its can be judged now.
    """

    public_message = "the service is temporarily unavailable"
    code = "keys_unavailable"
