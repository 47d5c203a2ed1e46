"""
The body of a push: what a client may state, and how it waits until it is processed.

The body is an object of the exchange format. Its permission is applied at once and lies in the
registry like any other; the rest is sealed under a key of its own, which is destroyed as soon
as the content is done, superseded or given up.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Final

from acl.errors import InputError
from acl.keys.envelope import Meaning, new_envelope, open_envelope
from acl.keys.errors import SealBrokenError
from acl.keys.provider import KekProvider
from acl.model.exchange import compile_acl
from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, DocumentId, SourceName, TenantId
from acl.model.principals import Principal
from acl.model.strict_json import parse_object
from acl.registry.pushed_content import QueuedContent
from acl.registry.pushing import SealedBody
from ingestion.sources.labelled import LabelRules
from ingestion.sources.members import (
    DOCUMENT_MEMBERS,
    GROUP_MEMBERS,
    description_of,
    encoded,
    group_of,
    identifier_of,
    require_known,
)
from ingestion.sources.port import ListedDocument

MAX_BODY_BYTES: Final = 8 * 2**20
MAX_PUSHED_BYTES: Final = 4 * 2**20
PUSH_MEMBERS: Final = (DOCUMENT_MEMBERS - {"path"}) | {"content"}
PART: Final = "push"


class MalformedPushError(InputError):
    """
    The statement cannot be used; the detail says what is wrong with it.
    """

    public_message = "the statement cannot be used; nothing was changed"
    code = "malformed_push"


@dataclass(frozen=True, slots=True)
class Namespace:
    """
    Where the names in a body belong, and how documents that state no label are labelled.
    """

    tenant: TenantId
    authority: AuthorityId
    labels: LabelRules


@dataclass(frozen=True, slots=True)
class PushedDocument:
    """
    A document as it was pushed, with its content.
    """

    listed: ListedDocument
    acl: AclSnapshot
    label: str
    content: bytes


def read_document(body: bytes, identifier: str, space: Namespace) -> PushedDocument:
    """
    Read the body of a pushed document; `identifier` is the one in the address.

    Raises:
        MalformedPushError: It is not a statement that can be used as a whole.
    """
    try:
        stated = _stated(body, identifier, PUSH_MEMBERS)
        acl = _acl(stated, space)
        described = description_of(stated)
        content = _content(stated)
        document = identifier_of(stated)
    except InputError as error:
        raise MalformedPushError(error.diagnostics()) from error
    except ValueError as error:
        raise MalformedPushError(str(error)) from error
    label = space.labels.label(document, described.label)
    listed = ListedDocument(
        document=document,
        title=described.title or document,
        url=described.url,
        mime=described.mime,
        modified=described.modified,
        label=label,
        acl=acl,
        acl_problem="",
        content_digest=hashlib.sha256(content).hexdigest(),
        content_problem="",
        where="push",
        author=described.author,
    )
    return PushedDocument(listed, acl, label, content)


def read_group(
    body: bytes, identifier: str, space: Namespace
) -> tuple[Principal, frozenset[Principal]]:
    """
    Read the body of a pushed group; `identifier` is the one in the address.

    Raises:
        MalformedPushError: It is not a group.
    """
    try:
        stated = _stated(body, identifier, GROUP_MEMBERS)
        return group_of(stated, tenant=space.tenant, authority=space.authority)
    except ValueError as error:
        raise MalformedPushError(str(error)) from error


def named_document(identifier: str) -> DocumentId:
    """
    Read the id of a document in an address.

    Raises:
        MalformedPushError: It cannot be one.
    """
    try:
        return identifier_of({"id": _exact(identifier)})
    except ValueError as error:
        raise MalformedPushError(str(error)) from error


def named_group(identifier: str, space: Namespace) -> Principal:
    """
    Read the id of a group in an address.

    Raises:
        MalformedPushError: It cannot be one.
    """
    try:
        named: dict[str, object] = {"id": _exact(identifier), "members": []}
        group, _ = group_of(named, tenant=space.tenant, authority=space.authority)
    except ValueError as error:
        raise MalformedPushError(str(error)) from error
    return group


def seal_body(pushed: PushedDocument, meaning: Meaning, keks: KekProvider) -> SealedBody:
    """
    Seal what is to be processed later; `open_body` reads it back.
    """
    listed = pushed.listed
    written = {
        "title": listed.title,
        "url": listed.url,
        "mime": listed.mime,
        "modified": listed.modified.isoformat() if listed.modified else "",
        "acl": pushed.acl.digest(),
        "label": pushed.label,
        "content": base64.b64encode(pushed.content).decode("ascii"),
    }
    envelope, key = new_envelope(meaning, keks)
    return SealedBody(key, envelope.seal(PART, json.dumps(written).encode()))


def open_body(queued: QueuedContent, tenant: TenantId, keks: KekProvider) -> PushedDocument:
    """
    Open what `seal_body` sealed, under the permission that the document has now.

    Raises:
        SealBrokenError: It is not what was sealed there.
    """
    meaning = Meaning(tenant, SourceName(queued.source), queued.document, queued.revision)
    opened = open_envelope(meaning, queued.envelope, keks).unseal(PART, queued.sealed)
    try:
        written: dict[str, object] = json.loads(opened)
        _require_equal((written["acl"], written["label"]), (queued.acl.digest(), queued.label))
        content = base64.b64decode(str(written["content"]), validate=True)
        described = description_of(written)
    except (ValueError, KeyError) as error:
        msg = f"push {queued.push} is not what was sealed there"
        raise SealBrokenError(msg) from error
    listed = ListedDocument(
        document=queued.document,
        title=described.title,
        url=described.url,
        mime=described.mime,
        modified=described.modified,
        label=queued.label,
        acl=queued.acl,
        acl_problem="",
        content_digest=hashlib.sha256(content).hexdigest(),
        content_problem="",
        where="push",
    )
    return PushedDocument(listed, queued.acl, queued.label, content)


def _require_equal(sealed: object, stored: object) -> None:
    # Content and permission travel together: what was pushed for others is not processed.
    if sealed != stored:
        msg = "not the permission that it was pushed with"
        raise ValueError(msg)


def _stated(body: bytes, identifier: str, known: frozenset[str]) -> dict[str, object]:
    stated = parse_object(body)
    require_known(stated, known)
    if stated.setdefault("id", _exact(identifier)) != identifier:
        msg = "'id' is not the one in the address; leave it out"
        raise ValueError(msg)
    return stated


def _acl(stated: dict[str, object], space: Namespace) -> AclSnapshot:
    if "acl" not in stated:
        msg = "'acl' is required; for nobody, on purpose, write {\"allow\": []}"
        raise ValueError(msg)
    return compile_acl(stated["acl"], tenant=space.tenant, authority=space.authority)


def _exact(identifier: str) -> str:
    # What stands in the address is not UTF-8 then, and several ids would become one.
    if "\ufffd" in identifier:
        msg = "the id in the address is not valid UTF-8"
        raise ValueError(msg)
    return identifier


def _content(stated: dict[str, object]) -> bytes:
    text, raw = stated.get("text"), stated.get("content")
    if isinstance(text, str) == isinstance(raw, str):
        msg = "needs either 'text', or 'content' in base64, as a string"
        raise ValueError(msg)
    if isinstance(raw, str) and not stated.get("mime"):
        msg = "'content' needs a 'mime'"
        raise ValueError(msg)
    content = encoded(text) if isinstance(text, str) else _decoded(str(raw))
    if not 0 < len(content) <= MAX_PUSHED_BYTES:
        msg = f"the content has {len(content)} bytes, not 1 to {MAX_PUSHED_BYTES}"
        raise ValueError(msg)
    return content


def _decoded(raw: str) -> bytes:
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = "'content' is not base64"
        raise ValueError(msg) from error
