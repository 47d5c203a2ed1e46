"""
What a provisioning client is told when nothing was done (RFC 7644, section 3.12).
"""

from http import HTTPStatus
from typing import Final

from acl.errors import InputError, ReadershipError

INVALID_SYNTAX: Final = "invalidSyntax"
INVALID_VALUE: Final = "invalidValue"
INVALID_PATH: Final = "invalidPath"
INVALID_FILTER: Final = "invalidFilter"
TOO_MANY: Final = "tooMany"
NO_TARGET: Final = "noTarget"
MUTABILITY: Final = "mutability"


class RefusedRequestError(InputError):
    """
    The request cannot be understood, or asks for what cannot be; the detail says why.
    """

    public_message = "the request cannot be used; nothing was changed"
    code = "malformed_provisioning"

    def __init__(
        self,
        detail: str,
        scim_type: str = INVALID_SYNTAX,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
    ) -> None:
        super().__init__(detail)
        self.scim_type = scim_type
        self.status = status


class ProvisioningNotAllowedError(ReadershipError):
    """
    The client is not one that a directory of this installation is provisioned by.
    """

    public_message = "this client may not provision"
    code = "provisioning_not_allowed"
