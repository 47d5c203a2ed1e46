"""
Authenticates what the registry says about a document's permission.

A database that somebody edited can widen a permission with one UPDATE. The seal is an HMAC over
everything that the registry states of one document, so an edited row is refused by the recheck.
A row rolled back as a whole has a valid old seal; a search refuses it because the index names a
newer `acl_revision`, and a fetch by id cannot notice (the threat model says so).
"""

import hmac
from dataclasses import replace

from acl.keys.errors import SealBrokenError
from acl.model.documents import DocumentPermission
from acl.model.encoding import encode
from acl.model.identifiers import TenantId

SEAL_VERSION = 1


class AclSealer:
    """
    Makes and verifies the seals of one tenant.
    """

    def __init__(self, tenant: TenantId, key: bytes) -> None:
        self._tenant = tenant
        self._key = key

    def sealed(self, permission: DocumentPermission) -> DocumentPermission:
        """
        Return the statement with its seal.
        """
        return replace(permission, seal=self._mac(permission))

    def verify(self, permission: DocumentPermission) -> None:
        """
        Accept the statement if it is as it was sealed.

        Raises:
            SealBrokenError: It is not.
        """
        if not hmac.compare_digest(self._mac(permission), permission.seal):
            msg = f"the ACL seal of {permission.source}/{permission.document} does not hold"
            raise SealBrokenError(msg)

    def _mac(self, permission: DocumentPermission) -> bytes:
        statement = encode(
            [
                SEAL_VERSION,
                self._tenant,
                permission.key,
                permission.source,
                permission.document,
                permission.state.value,
                permission.revision,
                permission.acl_revision,
                permission.readership,
                permission.label,
            ]
        )
        return hmac.digest(self._key, statement, "sha256")
