"""
LangChain; see `asking`.
"""

from asking import QUESTION, URL, asked_by_all, awaited_by_all, first_token, report, token
from langchain_core.documents import Document
from langchain_core.load import dumps

from readership_client.langchain import ReadershipRetriever


def in_a_batch() -> list[str]:
    return [one for many in shared.batch([QUESTION] * 2) for one in names(many)]


def names(found: list[Document]) -> list[str]:
    assert all(one.page_content and one.id == one.metadata["id"] for one in found)
    return [one.metadata["document"] for one in found]


shared = ReadershipRetriever(url=URL, token=token, limit=50)
mistaken = ReadershipRetriever(url=URL, token=first_token(), limit=50)
assert "eyJ" not in repr(shared) + dumps(shared), "a token was written down"


async def awaited() -> list[str]:
    return names(await shared.ainvoke(QUESTION))


report(
    waiting=asked_by_all(lambda: names(shared.invoke(QUESTION))),
    batched=asked_by_all(
        lambda: [one for many in shared.batch([QUESTION] * 2) for one in names(many)]
    ),
    awaited=awaited_by_all(awaited),
    mistaken=asked_by_all(lambda: names(mistaken.invoke(QUESTION))),
)
