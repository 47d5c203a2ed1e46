"""
Names in a directory: which spellings may be of one DN, and what an entry's id is.

A DN is only ever used to find out which entry a group's member is. Who that is, is the entry's
id, byte for byte.
"""

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Final

_ESCAPED: Final = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)
_SID_HEADER: Final = 8
_SUBAUTHORITY: Final = 4
_GUID_BYTES: Final = 16


def likeness(dn: str) -> str:
    """
    Return what every usual spelling of a DN shares: case, escapes, spaces and order do not matter.

    DNs of two entries may share it, too. Which of them is meant, only their server can say: what
    it holds for equal depends on the attribute, and on the server.
    """
    parts = re.split("[,;+]", _ESCAPED.sub(_undone, dn))
    values = [part.partition("=")[2] for part in parts]
    return ",".join(sorted("".join(_folded(one).split()) for one in values))


def identifier(attribute: str, values: Sequence[bytes]) -> str:
    """
    Read an entry's id: a GUID and a SID as Windows writes them, and any other as it is.

    Raises:
        ValueError: It has none, or several, or one that is no text.
    """
    if len(values) != 1:
        msg = f"{attribute} has {len(values)} values, not one"
        raise ValueError(msg)
    (value,) = values
    if attribute.lower() == "objectguid":
        if len(value) != _GUID_BYTES:
            msg = f"{attribute} has {len(value)} bytes"
            raise ValueError(msg)
        return str(uuid.UUID(bytes_le=value))
    if attribute.lower() == "objectsid":
        return _sid(value)
    return value.decode("utf-8", errors="strict")


def _sid(value: bytes) -> str:
    # [MS-DTYP] 2.4.2.2: revision, count, authority in big endian, parts in little endian.
    if len(value) < _SID_HEADER or len(value) != _SID_HEADER + _SUBAUTHORITY * value[1]:
        msg = f"a SID of {len(value)} bytes"
        raise ValueError(msg)
    parts = [
        int.from_bytes(value[at : at + _SUBAUTHORITY], "little")
        for at in range(_SID_HEADER, len(value), _SUBAUTHORITY)
    ]
    authority = int.from_bytes(value[2:_SID_HEADER], "big")
    return "-".join(["S", str(value[0]), str(authority), *map(str, parts)])


def _undone(escaped: re.Match[str]) -> str:
    octets, character = escaped.groups()
    if octets is None:
        return str(character)
    return bytes.fromhex(octets.replace("\\", "")).decode("utf-8", errors="replace")


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()
