"""
What an owner changes holds at the next question, whatever the index still has.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentId, Epoch, SourceName
from acl.registry.writing import PermissionChange, RegistryWriter
from ingestion.plan import UNREAD
from ingestion.wiring import build_settler
from retrieval.authorize import SourceBudgets
from retrieval.passage import Passage
from retrieval.recheck import Released
from retrieval.unseal import Unsealer
from tests.end_to_end.company import Company
from tests.end_to_end.sabotage import without_recheck

pytestmark = pytest.mark.models

SOURCE = SourceName("larkspur")
PRICES = "sales-heron-price-list"
QUESTION = "What is the lowest price for a Heron after every discount?"


@contextmanager
def edited(path: Path) -> Iterator[list[dict[str, Any]]]:
    before = path.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in before.splitlines()]
    yield rows
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def restored(own_company: Company) -> Iterator[Company]:
    """
    The company, with its folder and registry put back afterwards.
    """
    folder = own_company.directory / "company"
    kept = {name: (folder / name).read_bytes() for name in ("documents.jsonl", "groups.jsonl")}
    yield own_company
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    own_company.sync()


def writer(company: Company) -> RegistryWriter:
    ground = company.session.ground
    return RegistryWriter(ground.database, ground.tenant, ground.namer, ground.sealer)


@pytest.mark.promise("revocation")
def test_leaving_a_group_takes_effect_at_the_next_question(restored: Company) -> None:
    """
    One membership removed; no text, vector or document row was touched.
    """
    assert PRICES in restored.documents("bob", QUESTION)
    with edited(restored.directory / "company" / "groups.jsonl") as groups:
        launch = next(group for group in groups if group["id"] == "heron-launch")
        launch["members"].remove("user:bob")

    report = restored.sync()

    assert PRICES not in restored.documents("bob", QUESTION)
    assert 404 == restored.get("bob", f"/v1/documents/{PRICES}").status_code
    assert {"seen": 42, "hidden": 1, "unchanged": 41} == report.counts


@pytest.mark.promise("revocation")
def test_a_vanished_document_is_gone_at_once(restored: Company) -> None:
    """
    Not found, not searchable, and its key destroyed.
    """
    with edited(restored.directory / "company" / "documents.jsonl") as documents:
        documents[:] = [one for one in documents if one["id"] != PRICES]

    restored.sync()

    assert PRICES not in restored.documents("bob", QUESTION)
    assert 404 == restored.get("bob", f"/v1/documents/{PRICES}").status_code
    key = restored.ground.namer.document(SOURCE, DocumentId(PRICES))
    assert writer(restored).sealed_card(key) is None


@pytest.mark.promise("revocation")
@pytest.mark.promise("recheck")
@pytest.mark.parametrize(
    ("state", "keeps_acl"),
    [
        (DocumentState.HIDDEN, False),
        (DocumentState.QUARANTINED, True),
        (DocumentState.SUSPENDED, True),
        (DocumentState.LIVE, False),
    ],
)
def test_an_index_that_was_not_told_releases_nothing(
    restored: Company, *, state: DocumentState, keeps_acl: bool
) -> None:
    """
    The registry withholds a document; the index keeps serving it; the recheck refuses.

    The control opens the recheck and sees the leak.
    """
    registry = writer(restored)
    key = restored.ground.namer.document(SOURCE, DocumentId(PRICES))
    view, _, statements = restored.room.permissions.permissions([key])
    digest = statements[key].readership
    acl = view.by_digest[digest] if keeps_acl and digest else None
    # Unread, so that the sync afterwards tries a quarantined document again.
    change = PermissionChange(DocumentId(PRICES), state, acl, "confidential", fingerprint=UNREAD)
    touched = registry.apply_permissions(SOURCE, [change], None, now=datetime.now(UTC))
    registry.settle(
        {key: registry.settled_state(key) for key in touched}
    )  # a lie: the index was never asked

    assert PRICES not in restored.documents("bob", QUESTION)
    assert 404 == restored.get("bob", f"/v1/documents/{PRICES}").status_code
    with restored.serving(without_recheck(restored.room)) as http:
        assert PRICES in restored.documents("bob", QUESTION, http=http)


@pytest.mark.promise("revocation")
def test_a_document_whose_points_are_being_rewritten_is_left_out(restored: Company) -> None:
    """
    Unsettled means invisible, on every way out.
    """
    key = restored.ground.namer.document(SOURCE, DocumentId(PRICES))
    writer(restored).mark_unsettled([key], now=datetime.now(UTC))

    assert PRICES not in restored.documents("bob", QUESTION)
    assert 404 == restored.get("bob", f"/v1/documents/{PRICES}").status_code
    restored.sync()
    assert PRICES in restored.documents("bob", QUESTION)


@pytest.mark.promise("revocation")
def test_a_source_with_old_permissions_goes_dark(own_company: Company) -> None:
    """
    Past its budget nothing of it is served, and the answer says so.
    """
    budgets = SourceBudgets({SOURCE: timedelta(seconds=0)})
    room = own_company.room
    dark = replace(
        room,
        authorizer=replace(room.authorizer, budgets=budgets),
        rechecker=replace(room.rechecker, budgets=budgets),
    )
    time.sleep(0.01)

    with own_company.serving(dark) as http:
        answer = own_company.search("bob", QUESTION, http=http).json()

    assert [] == answer["passages"]
    assert ["larkspur"] == [spot["source"] for spot in answer["blind"]]


@pytest.mark.promise("late-unseal")
def test_only_what_is_released_is_ever_opened(own_company: Company) -> None:
    """
    A spied unsealer sees no chunk of a document that the reader may not read.
    """
    opened: list[str] = []

    class Spy(Unsealer):
        def passages(self, released: Sequence[Released], *, epoch: Epoch) -> list[Passage]:
            opened.extend(one.statement.document for one in released)
            return super().passages(released, epoch=epoch)

    real = own_company.room.unsealer
    spied = replace(own_company.room, unsealer=Spy(real.content, real.keks, real.tenant))
    with own_company.serving(spied) as http:
        answer = own_company.search("mallory", "Heron price and launch", http=http).json()

    assert {"facilities-visitor-wifi-parking"} == set(opened)
    assert len(answer["passages"]) == len(opened)


def test_a_lost_index_is_noticed_and_built_anew(restored: Company) -> None:
    """
    Points that vanish behind the registry's back: the next sync reads the documents again.
    """
    settler = build_settler(
        restored.session.ground, restored.session.lease, restored.tools.embedder
    )
    key = restored.ground.namer.document(SOURCE, DocumentId(PRICES))
    settler.index.remove([key])
    assert PRICES not in restored.documents("bob", QUESTION)
    assert not settler.agrees()

    report = restored.sync()

    assert 1 == report.counts["changed"]
    assert settler.agrees()
    assert PRICES in restored.documents("bob", QUESTION)
