"""
A retriever for Haystack.
"""

from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.utils import deserialize_callable, serialize_callable

from readership_client.answers import Answer
from readership_client.client import DEFAULT_LIMIT, AsyncReadershipClient, ReadershipClient, Token


@component
class ReadershipRetriever:
    """
    Finds what the reader may read whose token `token` returns at the moment of each question.

    May be shared by all users of a program. A pipeline that is written down names the function
    `token`, and never what it returned.
    """

    def __init__(
        self, url: str, token: Token, top_k: int = DEFAULT_LIMIT, sources: list[str] | None = None
    ) -> None:
        self.url = url
        self.token = token
        self.top_k = top_k
        self.sources = sources
        self._client = ReadershipClient(url, token)

    def to_dict(self) -> dict[str, Any]:
        """
        Return what a pipeline writes down.
        """
        return default_to_dict(
            self,
            url=self.url,
            token=serialize_callable(self.token),
            top_k=self.top_k,
            sources=self.sources,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ReadershipRetriever":
        """
        Read what `to_dict` returned.
        """
        parameters = data["init_parameters"]
        parameters["token"] = deserialize_callable(parameters["token"])
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, query: str, top_k: int | None = None) -> dict[str, list[Document]]:
        """
        Search.
        """
        limit = self.top_k if top_k is None else top_k
        return _documents(self._client.search(query, limit=limit, sources=self.sources))

    @component.output_types(documents=list[Document])
    async def run_async(self, query: str, top_k: int | None = None) -> dict[str, list[Document]]:
        """
        Search without waiting.
        """
        limit = self.top_k if top_k is None else top_k
        # Of its own: connections belong to the event loop that opened them.
        async with AsyncReadershipClient(self.url, self.token) as client:
            return _documents(await client.search(query, limit=limit, sources=self.sources))


def _documents(answer: Answer) -> dict[str, list[Document]]:
    incomplete = bool(answer.blind)
    return {
        "documents": [
            Document(
                id=one.id,
                content=one.text,
                meta={**one.metadata, "request_id": answer.request_id, "incomplete": incomplete},
            )
            for one in answer.passages
        ]
    }
