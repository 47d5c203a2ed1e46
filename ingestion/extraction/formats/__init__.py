"""
One file a format, and the table of them.

This module imports no parser: the service reads the table, and only the
sandboxed worker imports what the table names.
"""

from collections.abc import Mapping
from types import MappingProxyType

_HERE = "ingestion.extraction.formats"

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "text/plain": f"{_HERE}.plain:extract",
        "text/markdown": f"{_HERE}.markdown:extract",
        "text/html": f"{_HERE}.html:extract",
        "application/pdf": f"{_HERE}.pdf:extract",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
            f"{_HERE}.docx:extract"
        ),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (
            f"{_HERE}.xlsx:extract"
        ),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": (
            f"{_HERE}.pptx:extract"
        ),
        "message/rfc822": f"{_HERE}.eml:extract",
    }
)
"""
Media type to `module:function`, a function from `Source` to `Extracted`.
"""
