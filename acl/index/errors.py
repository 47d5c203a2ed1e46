"""
What can go wrong with the index.
"""

from acl.errors import ReadershipError


class IndexUnavailableError(ReadershipError):
    """
    The index did not answer. Never an empty list: "no results" is an answer, silence is not.
    """

    public_message = "the service is temporarily unavailable"
    code = "index_unavailable"


class ScopeRefusedError(ReadershipError):
    """
    A search was attempted with a scope that is expired, empty, or of another tenant.
    """

    public_message = "the search was refused"
    code = "scope_refused"
