"""
The port to key-encryption keys. A file, a KMS or an HSM may stand behind it.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """
    A data-encryption key, readable only through the provider that holds `kek_id`.
    """

    kek_id: str
    wrapped: bytes


class KekProvider(Protocol):
    """
    Wraps and unwraps data-encryption keys; never touches data.

    Implementations MUST authenticate `context`, so that a wrapped key moved to another
    document does not unwrap there.
    """

    def wrap(self, dek: bytes, *, context: bytes) -> WrappedKey:
        """
        Wrap a 32-byte key under the active key-encryption key.
        """
        ...

    def unwrap(self, wrapped: WrappedKey, *, context: bytes) -> bytes:
        """
        Return the key that was wrapped with this context.

        Raises:
            SealBrokenError: Not wrapped here, not with this context, or altered.
        """
        ...
