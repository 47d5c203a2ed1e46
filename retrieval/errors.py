"""
What a caller may be told.
"""

from acl.errors import ReadershipError
from acl.model.assurance import Demand


class NotAuthenticatedError(ReadershipError):
    """
    No bearer token, or more than one.
    """

    public_message = "a bearer token is required"
    code = "unauthenticated"


class HostRefusedError(ReadershipError):
    """
    The request was sent to another name than this service's (RFC 9110, section 15.5.20).
    """

    public_message = (
        "this service is not known by the name in the Host header; if clients or a proxy use it, "
        "list it in mcp.allowed_hosts"
    )
    code = "host_refused"


class OriginRefusedError(ReadershipError):
    """
    A page of somebody else's has sent the request from a browser.
    """

    public_message = (
        "pages of this Origin may not use this service; if they should, list it in "
        "mcp.allowed_origins"
    )
    code = "origin_refused"


class InsufficientScopeError(ReadershipError):
    """
    The token is good but was not issued for this; any of several scopes may be needed.
    """

    public_message = "the token lacks a scope that this operation needs"
    code = "insufficient_scope"

    def __init__(self, *needed: str) -> None:
        self.needed = " ".join(needed)
        super().__init__(f"the operation needs scope {self.needed}")


class StepUpRequiredError(ReadershipError):
    """
    The reader has not signed in surely, or lately, enough for this (RFC 9470).
    """

    public_message = "this operation needs a stronger or more recent sign-in"
    code = "insufficient_user_authentication"

    def __init__(self, needed: str, demand: Demand) -> None:
        super().__init__(f"operations with scope {needed} demand {demand}")
        self.needed = needed
        self.demand = demand


class NotFoundError(ReadershipError):
    """
    There is no such document for this reader: absent and forbidden are one answer.
    """

    public_message = "not found"
    code = "not_found"


class AmbiguousDocumentError(ReadershipError):
    """
    The reader may read documents of this id in several sources.
    """

    public_message = "several sources have a document of this id; name one with ?source="
    code = "ambiguous"


class SwitchedOffError(ReadershipError):
    """
    An operator has switched this reader, or this client, off.
    """

    public_message = "access has been switched off; ask your administrator"
    code = "switched_off"


class NotAdmittedError(ReadershipError):
    """
    The directory that speaks for this reader says that it is gone, or does not know it.
    """

    public_message = "the directory does not admit this user; ask your administrator"
    code = "not_admitted"


class EpochNotReachedError(ReadershipError):
    """
    The client has seen a newer state than this service has.
    """

    public_message = "the service has not reached that epoch yet"
    code = "epoch_not_reached"


class EpochMovedError(ReadershipError):
    """
    Permissions kept changing while the question was answered.
    """

    public_message = "the service is temporarily unavailable"
    code = "epoch_moved"
