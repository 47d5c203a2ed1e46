"""
Names in a directory: which DNs are one, and what an entry's id is.

A DN is only ever used to find out which entry a group's member is. Who that is, is the entry's
id, byte for byte.
"""

import uuid
from collections.abc import Sequence
from typing import Final

_SEPARATORS: Final = {",": "\0,", ";": "\0,", "+": "\0+"}
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_SID_HEADER: Final = 8
_SUBAUTHORITY: Final = 4
_GUID_BYTES: Final = 16


def same_name(dn: str) -> str:
    """
    Return what equal DNs share (RFC 4514), however they are written: case, escapes and spaces.

    Two entries whose DNs differ in case alone become one; whoever lists entries must refuse that.

    Raises:
        ValueError: It is no DN.
    """
    parts = [_same_part(part) for part in _split(dn).split("\0,")]
    return "\0,".join(parts)


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


def _split(dn: str) -> str:
    """
    Undo the escapes, and mark what separates.
    """
    out: list[str] = []
    at = 0
    while at < len(dn):
        character = dn[at]
        if character != "\\":
            out.append(_SEPARATORS.get(character, character))
            at += 1
            continue
        run = bytearray()
        while dn[at : at + 1] == "\\" and set(dn[at + 1 : at + 3]) <= _HEX and at + 2 < len(dn):
            run.append(int(dn[at + 1 : at + 3], 16))
            at += 3
        if run:
            out.append(run.decode("utf-8", errors="strict"))
        elif at + 1 < len(dn):
            out.append(dn[at + 1])
            at += 2
        else:
            msg = f"not a DN: {dn!r:.100}"
            raise ValueError(msg)
    if "\0" in dn:
        msg = "a DN with a NUL"
        raise ValueError(msg)
    return "".join(out)


def _same_part(part: str) -> str:
    pairs = []
    for one in part.split("\0+"):
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            msg = f"not a DN: {part!r:.100}"
            raise ValueError(msg)
        pairs.append(f"{name.strip().lower()}={' '.join(value.split()).casefold()}")
    return "\0+".join(sorted(pairs))
