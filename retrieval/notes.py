"""
Notes that somebody else keeps for us: what a client sends back is what we wrote, or nothing.

The rules:

1. A note is encrypted and authenticated by AES-SIV (RFC 5297), which needs no nonce that could
   come twice: equal notes look equal, and nothing else of them shows.
2. Its key is of one purpose, so that no note passes for another kind of note.
3. What it is bound to (a reader, a question) is authenticated with it and stands nowhere in it.
4. It ends at a moment that stands in it.
5. Altered, foreign, of another purpose, bound to something else and ended are one refusal.

A note carries no right: whoever reads one authorises anew.
"""

import base64
import binascii
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SIV_KEY_BYTES: Final = 64
_MOMENT: Final = struct.Struct(">Q")


class NoteRefusedError(Exception):
    """
    It is not a note of ours for this, or not any more.
    """


class Notes:
    """
    Writes and reads the notes of one installation.
    """

    def __init__(self, key: bytes, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._clock = clock

    def __repr__(self) -> str:
        return "Notes()"

    def written(
        self, purpose: str, content: bytes, *, lasting: timedelta, bound_to: bytes = b""
    ) -> str:
        """
        Write a note that lasts this long.
        """
        until = int((self._clock() + lasting).timestamp())
        return _spelt(self._cipher(purpose).encrypt(_MOMENT.pack(until) + content, [bound_to]))

    def read(self, purpose: str, note: str, *, bound_to: bytes = b"") -> bytes:
        """
        Return what was written.

        Raises:
            NoteRefusedError: This was not, or not for this, or has ended.
        """
        try:
            sealed = base64.b64decode(note + "=" * (-len(note) % 4), altchars=b"-_", validate=True)
            if _spelt(sealed) != note:
                raise NoteRefusedError
            opened = self._cipher(purpose).decrypt(sealed, [bound_to])
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise NoteRefusedError from error
        (until,) = _MOMENT.unpack(opened[: _MOMENT.size])
        if until <= self._clock().timestamp():
            raise NoteRefusedError
        return opened[_MOMENT.size :]

    def _cipher(self, purpose: str) -> AESSIV:
        info = b"readership note: " + purpose.encode()
        derived = HKDF(SHA256(), SIV_KEY_BYTES, salt=b"readership notes", info=info)
        return AESSIV(derived.derive(self._key))


def _spelt(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
