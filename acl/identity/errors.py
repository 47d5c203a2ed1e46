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


class ReaderRefusedError(ReadershipError):
    """
    The token is genuine, and still nobody is let in on it: its client or actor is not one that
    the operator has listed, or it does not say which groups its reader is in.
    """

    public_message = "this service does not accept your token; ask your administrator"
    code = "not_accepted"


class KeysUnavailableError(ReadershipError):
    """
    The issuer's keys could not be had, so no token of its can be judged now.
    """

    public_message = "the service is temporarily unavailable"
    code = "keys_unavailable"


class IntrospectionUnavailableError(ReadershipError):
    """
    The issuer could not be asked whether a token is active, so it cannot be judged now.
    """

    public_message = "the service is temporarily unavailable"
    code = "introspection_unavailable"
