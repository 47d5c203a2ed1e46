"""
LlamaIndex; see `asking`.
"""

from asking import QUESTION, URL, asked_by_all, awaited_by_all, first_token, report, token
from llama_index.core.schema import NodeWithScore

from readership_client.llamaindex import ReadershipRetriever


def names(found: list[NodeWithScore]) -> list[str]:
    assert all(one.text and one.node_id == one.metadata["id"] for one in found)
    return [one.metadata["document"] for one in found]


shared = ReadershipRetriever(URL, token, limit=50)
mistaken = ReadershipRetriever(URL, first_token(), limit=50)


async def awaited() -> list[str]:
    return names(await shared.aretrieve(QUESTION))


report(
    waiting=asked_by_all(lambda: names(shared.retrieve(QUESTION))),
    awaited=awaited_by_all(awaited),
    mistaken=asked_by_all(lambda: names(mistaken.retrieve(QUESTION))),
)
