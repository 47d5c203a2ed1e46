"""
From a committed revocation to the refusal of the next request over HTTP.

One group may read ten documents, another 100,000; a reader is taken out of one of them, and
asks for a document. The baseline is the same request when nothing has changed.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from fastapi.testclient import TestClient

from acl.model.documents import DocumentCard, Span
from acl.model.grants import AclSnapshot, Effect, Entry
from acl.model.identifiers import AuthorityId, DocumentId, SourceName
from acl.model.principals import Principal, PrincipalKind
from acl.registry.writing import RegistryWriter
from acl.settings import load_configuration
from acl.wiring import Ground, open_ground
from ingestion.seal import Draft, Sealer
from ingestion.split import TextChunk
from readership.demo.company import lay_out
from readership.demo.issuer import UnsafeDemoIssuer
from readership.syncing import SyncSession
from retrieval.wiring import Tools, build_app

SIZES: Final = {"ten": 10, "many": 100_000}
ROUNDS: Final = 60
BATCH: Final = 1_000
SOURCE: Final = SourceName("larkspur")
READER: Final = "reader"


class Archive:
    """
    An installation with two groups, and documents of which each may read its own.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._writer = RegistryWriter(ground.database, ground.tenant, ground.namer, ground.sealer)
        self._sealer = Sealer(ground.tenant, ground.namer, ground.keys.content, ground.keys.vault)

    def fill(self) -> None:
        """
        Write all documents, straight into the registry: no request of this benchmark searches.
        """
        self._writer.register_source(SOURCE, AuthorityId("corp"))
        for group, size in SIZES.items():
            for start in range(0, size, BATCH):
                some = range(start, min(start + BATCH, size))
                revisions = [
                    self._sealer.seal(self._draft(group, number), ingest_run="bench")
                    for number in some
                ]
                touched = self._writer.commit_revisions(SOURCE, revisions, now=_now())
                self._writer.settle({key: self._writer.settled_state(key) for key in touched})
        self._writer.observed(SOURCE, at=_now())

    def define(self, *, without: str | None = None) -> None:
        """
        Let the reader be in both groups, or in all but one.
        """
        reader, other = self._user(READER), self._user("other")
        groups = {
            self._group(name): frozenset({other} if name == without else {reader, other})
            for name in SIZES
        }
        self._writer.apply_permissions(SOURCE, [], groups, now=_now())

    def _draft(self, group: str, number: int) -> Draft:
        named = frozenset({self._group(group)})
        return Draft(
            source=SOURCE,
            document=DocumentId(f"{group}-{number}"),
            revision=1,
            acl=AclSnapshot(self._ground.tenant, ((Entry(Effect.PERMIT, named),),)),
            label="internal",
            fingerprint="f",
            card_fingerprint="c",
            card=DocumentCard("", "", "text/plain", None, "0" * 64, (), ()),
            originals=(),
            chunks=(TextChunk(Span(0, 4), "text"),),
        )

    def _group(self, name: str) -> Principal:
        return Principal(self._ground.tenant, AuthorityId("corp"), PrincipalKind.GROUP, name)

    def _user(self, name: str) -> Principal:
        return Principal(self._ground.tenant, AuthorityId("corp"), PrincipalKind.USER, name)


def measure(told: Callable[[str], None]) -> dict[str, Any]:
    """
    Fill an installation and revoke in it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="readership-bench-") as directory,
        _served(Path(directory) / "installation") as (archive, http, bearer),
    ):
        told(f"writing {sum(SIZES.values()):,} documents")
        archive.fill()
        archive.define()
        found = {name: _revoke(archive, http, bearer, name) for name in SIZES}
        return {
            "documents": dict(SIZES),
            "rounds": ROUNDS,
            "groups": found,
            "many_to_ten": found["many"]["refused_ms"]["p50"] / found["ten"]["refused_ms"]["p50"],
        }


def _revoke(
    archive: Archive, http: TestClient, bearer: dict[str, str], group: str
) -> dict[str, Any]:
    address = f"/v1/documents/{group}-0"
    refused, unchanged = [], []
    for _ in range(ROUNDS):
        unchanged.append(_expect(http, address, bearer, 200))
        archive.define(without=group)
        # From here on the revocation is committed.
        refused.append(_expect(http, address, bearer, 404))
        archive.define()
        _expect(http, address, bearer, 200)
    return {
        "refused_ms": _percentiles(refused),
        "unchanged_ms": _percentiles(unchanged),
        "ratio": float(np.median(refused) / np.median(unchanged)),
    }


def _expect(http: TestClient, address: str, bearer: dict[str, str], status: int) -> float:
    started = time.perf_counter()
    answer = http.get(address, headers=bearer)
    seconds = time.perf_counter() - started
    if answer.status_code != status:
        msg = f"{address} answered {answer.status_code}, not {status}: {answer.text}"
        raise AssertionError(msg)
    return seconds * 1e3


@contextmanager
def _served(directory: Path) -> Iterator[tuple[Archive, TestClient, dict[str, str]]]:
    configuration = load_configuration(lay_out(directory))
    issuer = UnsafeDemoIssuer.create(directory)
    with ExitStack() as stack:
        session = stack.enter_context(SyncSession(configuration))
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        app = build_app(ground, Tools(session.embedder, session.redactor, session.lease))
        http = stack.enter_context(TestClient(app))
        bearer = {"Authorization": f"Bearer {issuer.token(READER)}"}
        yield Archive(session.ground), http, bearer


def _percentiles(times: list[float]) -> dict[str, float]:
    p50, p95, p99 = (float(one) for one in np.percentile(times, (50, 95, 99)))
    return {"p50": p50, "p95": p95, "p99": p99}


def _now() -> datetime:
    return datetime.now(UTC)
