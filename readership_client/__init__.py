"""
The client of a Readership service: passages that the reader who asks may read, and no others.

A client belongs to no reader. Whoever uses it gives it a function that returns the token of the
reader who asks now; it is called anew for every request, in the context of whoever makes it, and
what it returns is kept nowhere. One client, or one retriever made of it, can so be shared by all
users of a program without ever answering one with another's passages.

`readership_client.langchain`, `.llamaindex` and `.haystack` make retrievers of it. Nothing of the
service is imported here: this package needs `httpx` alone.
"""

from readership_client.answers import Answer, Blind, Document, Passage
from readership_client.client import AsyncReadershipClient, ReadershipClient
from readership_client.errors import (
    NotFoundError,
    NoTokenError,
    NotSignedInError,
    ReadershipClientError,
    RefusedError,
    TryLaterError,
    UnexpectedAnswerError,
)

__all__ = [
    "Answer",
    "AsyncReadershipClient",
    "Blind",
    "Document",
    "NoTokenError",
    "NotFoundError",
    "NotSignedInError",
    "Passage",
    "ReadershipClient",
    "ReadershipClientError",
    "RefusedError",
    "TryLaterError",
    "UnexpectedAnswerError",
]
