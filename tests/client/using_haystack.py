"""
Haystack; see `asking`.
"""

from asking import QUESTION, URL, asked_by_all, awaited_by_all, first_token, report, token
from haystack import Document, Pipeline

from readership_client.haystack import ReadershipRetriever


def names(found: dict[str, list[Document]]) -> list[str]:
    assert all(one.content and one.id == one.meta["id"] for one in found["documents"])
    return [one.meta["document"] for one in found["documents"]]


shared = ReadershipRetriever(URL, token, top_k=50)
mistaken = ReadershipRetriever(URL, first_token(), top_k=50)
pipeline = Pipeline()
pipeline.add_component("retriever", shared)
written = pipeline.dumps()
assert "asking.token" in written, written
assert "eyJ" not in written, "a token was written down"


async def awaited() -> list[str]:
    return names(await shared.run_async(QUESTION))


report(
    waiting=asked_by_all(lambda: names(shared.run(QUESTION))),
    in_a_pipeline=asked_by_all(
        lambda: names(pipeline.run({"retriever": {"query": QUESTION}})["retriever"])
    ),
    awaited=awaited_by_all(awaited),
    mistaken=asked_by_all(lambda: names(mistaken.run(QUESTION))),
)
