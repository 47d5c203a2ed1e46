"""
Answers that are about to leave, and what signs and counts them.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from limits.storage import MemoryStorage, RedisStorage

from acl.keys.signing import SigningKeys
from acl.model.documents import Span
from acl.model.identifiers import ChunkId, DocumentId, DocumentKey, Epoch, SourceName
from acl.model.labels import LabelPolicy
from retrieval.authorize import Authorized, LabelPolicies
from retrieval.cite import cite
from retrieval.departure import Departure
from retrieval.limits import Budget, Limiter
from retrieval.passage import Passage, Provenance
from retrieval.provenance import ProvenanceVerifier, ReaderNames, WaybillWriter
from retrieval.statement import audience_of
from tests.acl.people import ACME, NOON
from tests.retrieval.scene import ISSUER

RESOURCE: Final = "https://rag.acme.example/mcp"
KEYS: Final = SigningKeys(b"p" * 32)
OTHER_KEYS: Final = SigningKeys(b"q" * 32)
NAMES: Final = ReaderNames(ACME, b"r" * 32)
ORDER: Final = ("public", "internal", "secret")
POLICY: Final = LabelPolicy(ORDER, "secret", models={"cloud": "internal", "house": "secret"})
REQUEST: Final = "0" * 32


def passage(name: str = "plan", text: str = "", label: str = "internal", **more: int) -> Passage:
    """
    Return a passage of a document.
    """
    start = more.get("start", 0)
    text = text or f"What the {name} says about everything."
    span = Span(start, start + len(text))
    at = datetime(2027, 1, 1, tzinfo=UTC)
    nothing: Mapping[str, int] = {}
    provenance = Provenance(
        SourceName("handbook"), DocumentId(name), 1, span, "f" * 64, at, "text/plain", 1, at, label,
        nothing, (), "run",
    )  # fmt: skip
    url = f"https://wiki.acme.example/{name}"
    one = Passage(
        ChunkId(f"{name}-{start}"), DocumentKey(name), name.title(), url, text, provenance
    )
    return cite(one)


def leaving(may: Authorized, *passages: Passage, request: str = REQUEST) -> Departure:
    """
    Return a search's answer that is about to leave.
    """
    context = "\n".join(one.text for one in passages)
    return Departure(request, "search", may, Epoch(7), passages, context)


def writer(keys: SigningKeys = KEYS, policy: LabelPolicy = POLICY) -> WaybillWriter:
    """
    Return what writes waybills with a key.
    """
    labels = LabelPolicies({ISSUER: policy})
    return WaybillWriter(keys.private(), NAMES, labels, RESOURCE, lambda: NOON)


def verifier(keys: SigningKeys = KEYS) -> ProvenanceVerifier:
    """
    Return what verifies by its public half.
    """
    return ProvenanceVerifier.of(keys.public(), audience_of(ACME))


def budget(**allowed: int) -> Budget:
    """
    Return a budget that allows what is named, and as good as everything else.
    """
    most = dict.fromkeys(("requests", "passages", "documents", "bytes"), 10**9) | allowed
    return Budget(timedelta(seconds=most.pop("seconds", 3_600)), **most)


def limiter(
    storage: MemoryStorage | RedisStorage | None = None,
    turn: AbstractContextManager[object] | None = None,
    **allowed: int,
) -> Limiter:
    """
    Return a limiter; in memory, unless a storage is named.
    """
    return Limiter(storage or MemoryStorage(), budget(**allowed), NAMES, turn or Lock())
