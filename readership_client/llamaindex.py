"""
A retriever for LlamaIndex.
"""

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from readership_client.answers import Answer
from readership_client.client import (
    DEFAULT_LIMIT,
    AsyncReadershipClient,
    AsyncToken,
    ReadershipClient,
    Token,
)


class ReadershipRetriever(BaseRetriever):
    """
    Finds what the reader may read whose token `token` returns at the moment of each question.

    May be shared by all users of a program. Asked without waiting (`aretrieve`), it takes the
    token from `async_token`, or from `token`. Nodes have no scores, only their order.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        async_token: AsyncToken | None = None,
        limit: int = DEFAULT_LIMIT,
        sources: list[str] | None = None,
    ) -> None:
        super().__init__()
        self._url = url
        self._async_token = async_token or token
        self._limit = limit
        self._sources = sources
        self._client = ReadershipClient(url, token)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        asked = query_bundle.query_str
        return _nodes(self._client.search(asked, limit=self._limit, sources=self._sources))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        # Of its own: connections belong to the event loop that opened them.
        async with AsyncReadershipClient(self._url, self._async_token) as client:
            asked = query_bundle.query_str
            answer = await client.search(asked, limit=self._limit, sources=self._sources)
        return _nodes(answer)


def _nodes(answer: Answer) -> list[NodeWithScore]:
    incomplete = bool(answer.blind)
    return [
        NodeWithScore(
            node=TextNode(
                id_=one.id,
                text=one.text,
                metadata={
                    **one.metadata,
                    "request_id": answer.request_id,
                    "incomplete": incomplete,
                },
            )
        )
        for one in answer.passages
    ]
