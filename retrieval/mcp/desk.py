"""
What happens when a tool is called: the reading room is asked, on the same path as over REST.

Nothing leaves here as an exception. What goes wrong is told in words that a model can read, and
in no others; where another sign-in would help, the host is told how, in `_meta`.
"""

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from acl.errors import ReadershipError
from acl.identity.reader import VerifiedReader
from retrieval.answer import ReadingRoom
from retrieval.api.problems import STATUS, Challenges, is_recorded, told
from retrieval.mcp import results
from retrieval.mcp.arguments import (
    ArgumentsRefusedError,
    FetchArguments,
    SearchArguments,
    SearchDocumentsArguments,
    read,
)
from retrieval.mcp.results import MAX_LABEL, MODELS, PROVENANCE, REQUEST_ID
from retrieval.mcp.tools import FETCH, SEARCH, SEARCH_DOCUMENTS
from retrieval.passage import Waybill

logger = logging.getLogger(__name__)

FAILED: Final = "the request failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a call came to. `text` is for clients that read text: the same value, or what is wrong.
    """

    text: str
    structured: Mapping[str, Any] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """
        Whether there is no answer.
        """
        return self.structured is None


@dataclass(frozen=True, slots=True)
class Desk:
    """
    Takes calls of verified readers, one at a time and each for itself. `refused` is told of every
    refusal that operators are to find.
    """

    room: ReadingRoom
    challenges: Challenges
    refused: Callable[[ReadershipError, str], None]

    def call(self, reader: VerifiedReader, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        """
        Answer one call of a tool.

        Raises:
            KeyError: There is no such tool.
        """
        answering = self._tools()[tool]
        try:
            return answering(reader, arguments)
        except ReadershipError as error:
            return self._refused(error)
        except Exception:
            request_id = secrets.token_hex(16)
            logger.exception("request %s: tool %s failed", request_id, tool)
            return Outcome(FAILED, meta={REQUEST_ID: request_id})

    def _tools(self) -> Mapping[str, Callable[[VerifiedReader, Mapping[str, Any]], Outcome]]:
        return {
            SEARCH: self._search,
            FETCH: self._fetch,
            SEARCH_DOCUMENTS: self._search_documents,
        }

    def _search(self, reader: VerifiedReader, arguments: Mapping[str, Any]) -> Outcome:
        asked = read(SearchArguments, arguments)
        answer = self.room.answer(reader, replace(asked.asked(), titles_only=True))
        return _given(results.found(answer), answer.request_id, answer.waybill)

    def _fetch(self, reader: VerifiedReader, arguments: Mapping[str, Any]) -> Outcome:
        asked = read(FetchArguments, arguments)
        passage, part = asked.passage()
        document = self.room.document_around(reader, passage, part, named=asked.id)
        fetched = results.fetched(asked.id, passage, part, document)
        return _given(fetched, document.request_id, document.waybill)

    def _search_documents(self, reader: VerifiedReader, arguments: Mapping[str, Any]) -> Outcome:
        asked = read(SearchDocumentsArguments, arguments)
        answer = self.room.answer(reader, asked.asked())
        return _given(results.passages(answer), answer.request_id, answer.waybill)

    def _refused(self, error: ReadershipError) -> Outcome:
        if isinstance(error, ArgumentsRefusedError):
            return Outcome(f"{error.public_message}: {error.why}")
        request_id = secrets.token_hex(16)
        if is_recorded(error):
            self.refused(error, request_id)
        status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Outcome(told(error), meta=self.challenges.for_tool(error) or {})
        logger.error("request %s: %s: %s", request_id, error.code, error.diagnostics())
        return Outcome(told(error), meta={REQUEST_ID: request_id})


def _given(structured: Mapping[str, Any], request_id: str, waybill: Waybill) -> Outcome:
    text = json.dumps(structured, ensure_ascii=False, separators=(",", ":"))
    meta: dict[str, Any] = {REQUEST_ID: request_id, PROVENANCE: waybill.signed_provenance}
    if waybill.max_label is not None:
        meta[MAX_LABEL] = waybill.max_label
    if waybill.models is not None:
        meta[MODELS] = list(waybill.models)
    return Outcome(text, structured, meta)
