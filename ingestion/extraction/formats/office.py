"""
What the three office formats (OOXML) have in common: the container, and its parts.
"""

import zipfile
from io import BytesIO

from ingestion.extraction.formats.source import UnreadableError
from ingestion.extraction.limits import ExtractionLimits

_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_FLAG = 0x1
_DOCTYPE = b"<!DOCTYPE"


def refuse_bombs(content: bytes, limits: ExtractionLimits) -> None:
    """
    Judge the container by its directory, before anything is unpacked.

    The directory can lie, but not usefully: no member is read beyond the size
    that it declares there.

    Raises:
        UnreadableError: Not a zip file, encrypted, or too much inside.
    """
    if content.startswith(_OLE_MAGIC):
        msg = "encrypted document, or the older binary format of office programs"
        raise UnreadableError(msg)
    try:
        members = zipfile.ZipFile(BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        msg = f"damaged document: {error}"
        raise UnreadableError(msg) from error
    if len(members) > limits.archive_members:
        msg = f"too large: {len(members)} files inside, more than {limits.archive_members}"
        raise UnreadableError(msg)
    if (unpacked := sum(member.file_size for member in members)) > limits.unpacked_bytes:
        msg = f"too large: {unpacked} bytes unpacked, more than {limits.unpacked_bytes}"
        raise UnreadableError(msg)
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        msg = "encrypted document"
        raise UnreadableError(msg)


def refuse_entities(content: bytes) -> None:
    """
    Refuse a part that declares entities: OOXML forbids a DTD (ECMA-376-2), and so do we.

    Raises:
        UnreadableError: One does.
    """
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")) and _declares(archive, name):
                msg = f"declares entities (a DTD) in {name}, which this format forbids"
                raise UnreadableError(msg)


def _declares(archive: zipfile.ZipFile, name: str) -> bool:
    # A DTD stands before the first element; in other encodings it is found without its zeros.
    try:
        with archive.open(name) as part:
            return _DOCTYPE in part.read(4096).replace(b"\0", b"").upper()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        msg = f"damaged document: {error}"
        raise UnreadableError(msg) from error


def table(rows: list[list[str]]) -> str:
    """
    Return a Markdown table; the first row stands as its head, as Markdown asks for one.
    """
    width = max(map(len, rows), default=0)
    lines = []
    for row in rows:
        cells = [" ".join(cell.split()).replace("|", "\\|") for cell in row]
        lines.append("| " + " | ".join([*cells, *[""] * (width - len(cells))]) + " |")
        if len(lines) == 1:
            lines.append("|" + " --- |" * width)
    return "\n".join(lines)
