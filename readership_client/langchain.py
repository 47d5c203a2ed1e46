"""
A retriever for LangChain.
"""

from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field, PrivateAttr

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

    May be shared by all users of a program. Asked without waiting (`ainvoke`), it takes the token
    from `async_token`, or from `token`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    url: str
    token: Token = Field(exclude=True, repr=False)
    async_token: AsyncToken | None = Field(default=None, exclude=True, repr=False)
    limit: int = DEFAULT_LIMIT
    sources: list[str] | None = None
    _client: ReadershipClient = PrivateAttr()

    def model_post_init(self, context: Any) -> None:  # noqa: ANN401 - pydantic's
        """
        Open a client.
        """
        super().model_post_init(context)
        self._client = ReadershipClient(self.url, self.token)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        del run_manager
        return _documents(self._client.search(query, limit=self.limit, sources=self.sources))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        del run_manager
        # Of its own: connections belong to the event loop that opened them.
        async with AsyncReadershipClient(self.url, self.async_token or self.token) as client:
            answer = await client.search(query, limit=self.limit, sources=self.sources)
        return _documents(answer)


def _documents(answer: Answer) -> list[Document]:
    incomplete = bool(answer.blind)
    return [
        Document(
            id=one.id,
            page_content=one.text,
            metadata={**one.metadata, "request_id": answer.request_id, "incomplete": incomplete},
        )
        for one in answer.passages
    ]
