"""
The bodies of the push API as they stand in the OpenAPI document, and as they are answered.

Requests are not parsed by these: `ingestion.pushed_body` is stricter than any schema.
"""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from acl.model.pushes import PushState
from ingestion.pushed_body import MAX_PUSHED_BYTES
from readership.push_headers import EVENT_HEADER

_TEXT: Final[dict[str, Any]] = {"type": "string"}
DOCUMENT: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["acl"],
    "properties": {
        "id": _TEXT | {"description": "The one in the address, or left out."},
        "title": _TEXT,
        "url": _TEXT,
        "modified": _TEXT | {"format": "date-time"},
        "mime": _TEXT | {"default": "text/plain"},
        "text": _TEXT | {"description": f"At most {MAX_PUSHED_BYTES} bytes; or else content."},
        "content": _TEXT | {"contentEncoding": "base64", "description": "Needs a mime."},
        "label": _TEXT,
        "metadata": {"description": "Accepted and not used."},
        "acl": {"type": "object", "description": "allow and deny, or gates."},
    },
}
GROUP: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["members"],
    "properties": {
        "id": _TEXT | {"description": "The one in the address, or left out."},
        "members": {"type": "array", "items": _TEXT, "description": "user:alice, group:eng, …"},
    },
}
CONDITIONS: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "header", "required": False, "schema": _TEXT, "description": text}
    for name, text in (
        (EVENT_HEADER, "An integer or a time; an older one than was accepted is refused."),
        ("If-Match", "The ETag of the last accepted statement, or *."),
        ("If-None-Match", "Only *: it must not exist."),
    )
]


def described(scope: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """
    Return what a route adds to its description.
    """
    added: dict[str, Any] = {"x-required-scope": scope, "parameters": CONDITIONS}
    if body is not None:
        content = {"application/json": {"schema": body}}
        added["requestBody"] = {"required": True, "content": content}
    return added


class PushBody(BaseModel):
    """
    What became of a push. Its permission is in force; `content` says whether the text is, too.
    """

    request_id: str
    source: str
    id: str
    revision: int
    epoch: int
    content: PushState | None = None
    reason: str = ""
    push: str | None = None


class PushStatusBody(BaseModel):
    """
    How far the content of a push is.
    """

    push: str
    source: str
    id: str
    revision: int
    content: PushState
    reason: str
    accepted_at: datetime
    finished_at: datetime | None
