"""
Large permissions are decided whole or refused; nothing is ever cut short (AZ-10), and what is
deleted is gone from every answer, statistic and store (AZ-12).
"""

from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import func, select

from acl.model.grants import MAX_ENTRIES
from acl.model.identifiers import DocumentId, SourceName
from acl.registry import tables
from tests.ingestion.world import allow
from tests.scenarios.installation import Installation, client, installation
from tests.scenarios.places import fast_place

GROUPS = 10_000
ENTRIES = 5_000
WORD = "quinquagesimal"


@pytest.fixture(scope="module")
def large() -> Iterator[Installation]:
    """
    One of its own: others build the view of the shared one hundreds of times.
    """
    with fast_place() as place, installation(place / "acme") as one:
        yield one


def found(
    large: Installation, source: str, reader: str, query: str = "everything"
) -> Mapping[str, str]:
    """
    Return every document that a reader finds, with its text.
    """
    room = large.room([source], ["corp"])
    bearer = large.bearer(reader, {"corp": reader})
    body = {"query": query, "limit": 50, "filters": {"sources": [source]}}
    passages = client(room).post("/v1/search", json=body, headers=bearer).json()["passages"]
    return {one["provenance"]["document"]: one["text"] for one in passages}


@pytest.mark.promise("unknown-group")
@pytest.mark.promise("deny-first")
def test_a_reader_in_ten_thousand_groups_sees_exactly_what_is_granted(
    large: Installation,
) -> None:
    """
    The first, the middle and the last group count, for and against; none of them is cut off.
    """
    source = large.fresh()
    groups = [{"id": f"g{n}", "members": ["user:alice"]} for n in range(GROUPS)]
    groups.append({"id": "other", "members": ["user:bob"]})
    some = (0, GROUPS // 2, GROUPS - 1)
    documents = [
        *({"id": f"in-{n}", "text": "Everything.", "acl": allow(f"group:g{n}")} for n in some),
        *(
            {
                "id": f"against-{n}",
                "text": "Everything.",
                "acl": {"allow": ["everyone"], "deny": [f"group:g{n}"]},
            }
            for n in some
        ),
        {"id": "others", "text": "Everything.", "acl": allow("group:other")},
    ]
    large.write(source, documents, groups)
    large.sync(source, "corp")

    assert {f"in-{n}" for n in some} == found(large, source, "alice").keys()
    assert {f"against-{n}" for n in some} | {"others"} == found(large, source, "bob").keys()


@pytest.mark.promise("deny-first")
def test_an_acl_of_five_thousand_entries_is_decided_to_its_end(large: Installation) -> None:
    """
    Each names somebody else; the last denial and the last permission count.
    """
    source = large.fresh()
    gate: list[dict[str, list[str]]] = [{"deny": [f"user:d{n}"]} for n in range(ENTRIES)]
    gate += [{"permit": [f"user:p{n}"]} for n in range(ENTRIES)]
    gate += [{"permit": [f"user:d{ENTRIES - 1}"]}]
    large.write(source, [{"id": "long", "text": "Everything.", "acl": {"gates": [gate]}}])
    large.sync(source, "corp")

    assert {"long"} == found(large, source, "p0").keys()
    assert {"long"} == found(large, source, f"p{ENTRIES - 1}").keys()
    assert not found(large, source, f"d{ENTRIES - 1}")
    assert not found(large, source, "somebody")


@pytest.mark.promise("fail-closed-input")
def test_an_acl_past_the_limit_hides_its_document(large: Installation) -> None:
    """
    Exactly at the limit it counts whole; one more, and nobody reads.
    """
    source = large.fresh()
    at_limit = [f"user:u{n}" for n in range(MAX_ENTRIES)]
    documents = [
        {"id": "at", "text": "Everything.", "acl": allow(*at_limit)},
        {"id": "past", "text": "Everything.", "acl": allow(*at_limit, "user:one-more")},
    ]
    large.write(source, documents)
    report = large.sync(source, "corp")

    assert {"at"} == found(large, source, f"u{MAX_ENTRIES - 1}").keys()
    assert not found(large, source, "one-more")
    assert 1 == report.counts["hidden"]


@pytest.mark.promise("revocation")
@pytest.mark.promise("idf-in-scope")
def test_what_is_deleted_is_gone_everywhere(large: Installation) -> None:
    """
    From searches, fetches, word statistics, the registry's chunks and keys, and the index.
    """
    source = large.fresh()
    stays = {"id": "stays", "text": f"The {WORD} remains.", "acl": allow("user:alice")}
    goes = {"id": "goes", "text": f"The {WORD} leaves.", "acl": allow("user:alice")}
    large.write(source, [stays, goes])
    large.sync(source, "corp")
    room = large.room([source], ["corp"])
    bearer = large.bearer("alice", {"corp": "alice"})
    key = room.rechecker.namer.document(SourceName(source), DocumentId("goes"))
    before = found(large, source, "alice", WORD)

    large.write(source, [stays])
    large.sync(source, "corp")

    assert {"stays", "goes"} == before.keys()
    assert {"stays"} == found(large, source, "alice", WORD).keys()
    assert 404 == client(room).get("/v1/documents/goes", headers=bearer).status_code
    row = tables.documents.c
    with large.ground.database.reading() as connection:
        chunks = select(func.count()).where(tables.chunks.c.document_key == key)
        kept = select(row.wrapped_key, row.card, row.originals, row.vault_key).where(row.key == key)
        assert 0 == connection.scalar(chunks)
        assert [(None, None, None, None)] == [tuple(one) for one in connection.execute(kept)]
    assert 0 == large.tools.lease.call("count", key, 1)
