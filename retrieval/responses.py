"""
What in a response is not as its signed statement says.

A response is recognised by the operation that was stated, and by the way that it came: over REST
as it is, to OpenAI's client as a page of results, by MCP as the result of a tool. Every member
that is stated must be there; those that are not stated may be; any other is not of this service.
A statement that comes alone claims nothing but itself, and nothing is compared.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from retrieval.api.schemas import (
    DocumentResponse,
    PassageBody,
    PassageResponse,
    ProvenanceBody,
    SearchResponse,
)
from retrieval.api.store_schemas import StoreResult, StoreSearchPage
from retrieval.departure import FETCH, FIND
from retrieval.mcp.results import MAX_LABEL, MODELS, PROVENANCE, REQUEST_ID
from retrieval.mcp.tools import FETCH as FETCH_TOOL
from retrieval.mcp.tools import MEMBERS, PASSAGE_MEMBERS
from retrieval.mcp.tools import SEARCH as SEARCH_TOOL
from retrieval.mcp.tools import SEARCH_DOCUMENTS as SEARCH_DOCUMENTS_TOOL
from retrieval.provenance import digest, heading
from retrieval.statement import ReleasedText, Statement

SIGNED: Final = "signed_provenance"
FOREIGN: Final = "not a response of this service"
_META: Final = "_meta"
_STRUCTURED: Final = "structuredContent"
_RESULT: Final = frozenset({"content", _STRUCTURED, "isError", _META, "resultType"})
_UNSTATED: Final = frozenset(
    {"blind", "left_out", "next_cursor", "truncated", "search_query", "has_more", "next_page"}
)

Json = Mapping[str, object]


def signed_in(response: Json) -> str:
    """
    Return the signed statement of a response, or of the result of a tool; empty if it has none.
    """
    meta = response.get(_META)
    found = meta.get(PROVENANCE) if isinstance(meta, dict) else response.get(SIGNED)
    return found if isinstance(found, str) else ""


def is_alone(response: Json) -> bool:
    """
    Say whether there is a statement and no response to compare with it.
    """
    return response.keys() == {SIGNED}


def differences(statement: Statement, response: Json) -> list[str]:
    """
    Say what in a response is not as it was stated; empty if all of it is, or if there is none.
    """
    if is_alone(response):
        return []
    by_mcp = _STRUCTURED in response or _META in response
    by_openai = "data" in response or "object" in response
    known = _TOOLS if by_mcp else _STORES if by_openai else _ROUTES
    compare = known.get(statement.operation)
    if compare is None:
        return [FOREIGN]
    return list(compare(statement, response))


def _search(statement: Statement, response: Json) -> Iterator[str]:
    yield from _members(response, frozenset(SearchResponse.model_fields))
    yield from _stated(statement, response)
    yield from _context(statement, response)
    yield from _each(statement, response.get("passages"), _passage)


def _one_passage(statement: Statement, response: Json) -> Iterator[str]:
    yield from _members(response, frozenset(PassageResponse.model_fields))
    yield from _stated(statement, response)
    body = {name: response[name] for name in PassageBody.model_fields if name in response}
    yield from _each(statement, [body], _passage)


def _document(statement: Statement, response: Json) -> Iterator[str]:
    yield from _members(response, frozenset(DocumentResponse.model_fields))
    yield from _stated(statement, response)
    body = {name: response[name] for name in PassageBody.model_fields if name in response}
    # A document has no id but its source's.
    named = {"id": _object(response.get("provenance")).get("document")}
    yield from _each(statement, [body | named], _passage)


def _store_page(statement: Statement, response: Json) -> Iterator[str]:
    yield from _members(response, frozenset(StoreSearchPage.model_fields))
    if response.get("object") != StoreSearchPage.model_fields["object"].default:
        yield FOREIGN
    yield from _stated(statement, response)
    yield from _each(statement, response.get("data"), _store_result)


def _search_documents(statement: Statement, result: Json) -> Iterator[str]:
    told = _object(result.get(_STRUCTURED))
    yield from _result(statement, result, SEARCH_DOCUMENTS_TOOL)
    yield from _same("epoch", told, statement.epoch)
    yield from _context(statement, told)
    yield from _each(statement, told.get("passages"), _listed)


def _find(statement: Statement, result: Json) -> Iterator[str]:
    told = _object(result.get(_STRUCTURED))
    yield from _result(statement, result, SEARCH_TOOL)
    yield from _each(statement, told.get("results"), _title)


def _fetch(statement: Statement, result: Json) -> Iterator[str]:
    told = _object(result.get(_STRUCTURED))
    yield from _result(statement, result, FETCH_TOOL)
    yield from _each(statement, [told], _fetched)


_ROUTES: Final[Mapping[str, Callable[[Statement, Json], Iterator[str]]]] = {
    "search": _search,
    "passage": _one_passage,
    "document": _document,
}
_STORES: Final[Mapping[str, Callable[[Statement, Json], Iterator[str]]]] = {
    "search": _store_page,
}
_TOOLS: Final[Mapping[str, Callable[[Statement, Json], Iterator[str]]]] = {
    "search": _search_documents,
    FIND: _find,
    FETCH: _fetch,
}


def _members(response: Json, known: frozenset[str]) -> Iterator[str]:
    if not response.keys() <= known:
        yield FOREIGN
    yield from (f"{name} is missing" for name in sorted(known - _UNSTATED - response.keys()))


def _stated(statement: Statement, response: Json) -> Iterator[str]:
    models = None if statement.models is None else list(statement.models)
    yield from _same("request_id", response, statement.request_id)
    yield from _same("epoch", response, statement.epoch)
    yield from _same("max_label", response, statement.max_label)
    yield from _same("models", response, models)


def _result(statement: Statement, result: Json, tool: str) -> Iterator[str]:
    """
    Compare what is of every tool's result: the text that clients read is the structured value.
    """
    told, meta = result.get(_STRUCTURED), _object(result.get(_META))
    if not result.keys() <= _RESULT or result.get("isError") not in {None, False}:
        yield FOREIGN
    yield from _members(_object(told), MEMBERS[tool])
    content = result.get("content")
    one = _object(content[0]) if isinstance(content, list) and len(content) == 1 else {}
    if one.keys() != {"type", "text"} or one["type"] != "text" or _read(one["text"]) != told:
        yield "content"
    models = None if statement.models is None else list(statement.models)
    if meta.get(REQUEST_ID) != statement.request_id:
        yield "request_id"
    if meta.get(MAX_LABEL) != statement.max_label:
        yield "max_label"
    if meta.get(MODELS) != models:
        yield "models"


def _same(name: str, response: Json, stated: object) -> Iterator[str]:
    said = response.get(name)
    if name in response and (said != stated or type(said) is not type(stated)):
        yield name


def _context(statement: Statement, response: Json) -> Iterator[str]:
    if "context" in response and _digest(response["context"]) != statement.context_sha256:
        yield "context"


def _each(
    statement: Statement, texts: object, differs: Callable[[Json, ReleasedText], bool]
) -> Iterator[str]:
    if not isinstance(texts, list):
        yield "passages are missing"
        return
    released = statement.passages
    if len(texts) != len(released):
        yield f"{len(texts)} passages, {len(released)} were released"
        return
    for number, (text, stated) in enumerate(zip(texts, released, strict=True), 1):
        if not isinstance(text, dict) or differs(text, stated):
            yield f"passage {number}"


def _passage(text: Json, stated: ReleasedText) -> bool:
    provenance = _object(text.get("provenance"))
    return (
        text.keys() != PassageBody.model_fields.keys()
        or not provenance.keys() <= ProvenanceBody.model_fields.keys()
        or (text["id"], text["citation"]) != (stated.id, stated.citation)
        or provenance.get("label") != stated.label
        or _digest(text["text"]) != stated.sha256
        or _digest(_heading(text)) != stated.heading_sha256
    )


def _listed(text: Json, stated: ReleasedText) -> bool:
    return (
        not text.keys() <= PASSAGE_MEMBERS
        or (text.get("citation"), text.get("label")) != (stated.citation, stated.label)
        or _entitled_otherwise(text, stated)
    )


def _store_result(result: Json, stated: ReleasedText) -> bool:
    said, content = _object(result.get("attributes")), result.get("content")
    texts = content if isinstance(content, list) else []
    title = said.get("title", "")
    heading_of = {"title": title, "url": said.get("url")}
    return (
        result.keys() != StoreResult.model_fields.keys()
        or result["file_id"] != stated.id
        or result["filename"] != (title or said.get("document"))
        or (said.get("citation"), said.get("label")) != (stated.citation, stated.label)
        or [_digest(_object(one).get("text")) for one in texts] != [stated.sha256]
        or _digest(_heading(heading_of)) != stated.heading_sha256
    )


def _title(text: Json, stated: ReleasedText) -> bool:
    return text.keys() != {"id", "title", "url"} or _entitled_otherwise(text, stated)


def _fetched(text: Json, stated: ReleasedText) -> bool:
    metadata = _object(text.get("metadata"))
    return (
        (metadata.get("citation"), metadata.get("label")) != (stated.citation, stated.label)
        or _digest(text.get("text")) != stated.sha256
        or _entitled_otherwise(text, stated)
    )


def _entitled_otherwise(text: Json, stated: ReleasedText) -> bool:
    return text.get("id") != stated.id or _digest(_heading(text)) != stated.heading_sha256


def _heading(text: Json) -> str | None:
    title, url = text.get("title"), text.get("url")
    return heading(title, url) if isinstance(title, str) and isinstance(url, str) else None


def _digest(text: object) -> str | None:
    return digest(text) if isinstance(text, str) else None


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _read(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
