"""
What the service answers, as values. Members that this version does not know are passed over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from readership_client.errors import UnexpectedAnswerError

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Passage:
    """
    A passage that the reader may read. Its text is data, whatever it says.

    `citation` is how an answer refers to it, and `url` where a person can open it.
    """

    id: str
    citation: str
    title: str
    url: str
    text: str
    provenance: Mapping[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """
        Everything but the text, flat; there is nothing of permissions in it but the label.
        """
        named = ("source", "document", "revision", "page", "modified", "label", "content_sha256")
        told = {name: self.provenance.get(name) for name in named}
        return {"id": self.id, "citation": self.citation, "title": self.title, "url": self.url} | {
            name: value for name, value in told.items() if value is not None
        }


@dataclass(frozen=True, slots=True)
class Blind:
    """
    A source that could not be searched: an answer without it may be incomplete.
    """

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Passages, best first, and the `context` made of them: fenced, marked as data, ready to be
    handed to a model.
    """

    request_id: str
    epoch: int
    passages: tuple[Passage, ...]
    context: str
    blind: tuple[Blind, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """
    A document's text; `truncated` says that it goes on.
    """

    request_id: str
    title: str
    url: str
    text: str
    truncated: bool
    provenance: Mapping[str, Any]


def answer_from(body: Any) -> Answer:  # noqa: ANN401 - whatever came
    """
    Read the answer to a search.

    Raises:
        UnexpectedAnswerError: It is none.
    """
    return _read(
        lambda: Answer(
            request_id=_text(body["request_id"]),
            epoch=int(body["epoch"]),
            passages=tuple(map(_passage, body["passages"])),
            context=_text(body["context"]),
            blind=tuple(Blind(_text(one["source"]), _text(one["reason"])) for one in body["blind"]),
        )
    )


def passage_from(body: Any) -> Passage:  # noqa: ANN401 - whatever came
    """
    Read one passage.

    Raises:
        UnexpectedAnswerError: It is none.
    """
    return _read(lambda: _passage(body))


def document_from(body: Any) -> Document:  # noqa: ANN401 - whatever came
    """
    Read a document.

    Raises:
        UnexpectedAnswerError: It is none.
    """
    return _read(
        lambda: Document(
            request_id=_text(body["request_id"]),
            title=_text(body["title"]),
            url=_text(body["url"]),
            text=_text(body["text"]),
            truncated=body["truncated"] is not False,
            provenance=dict(body["provenance"]),
        )
    )


def _passage(body: Any) -> Passage:  # noqa: ANN401 - whatever came
    return Passage(
        id=_text(body["id"]),
        citation=_text(body["citation"]),
        title=_text(body["title"]),
        url=_text(body["url"]),
        text=_text(body["text"]),
        provenance=dict(body["provenance"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"expected a text, got {type(value).__name__}"
        raise TypeError(msg)
    return value


def _read(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except (KeyError, TypeError, ValueError) as error:
        msg = f"this is not an answer of the service: {type(error).__name__}: {error}"
        raise UnexpectedAnswerError(msg) from error
