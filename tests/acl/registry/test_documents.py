"""
What the registry keeps of documents, groups and sealed text.
"""

from pathlib import Path

import pytest

from acl.keys.acl_seal import AclSealer
from acl.keys.envelope import Meaning, open_envelope
from acl.model.cards import CARD_PART, chunk_part
from acl.model.documents import DocumentPermission, DocumentState
from acl.model.identifiers import ChunkId, DocumentId, DocumentKey
from acl.registry.database import is_current, migrate, open_database
from acl.registry.errors import RegistryMismatchError
from acl.registry.rows import SHREDDED
from acl.registry.writing import PermissionChange
from tests.acl.people import (
    ACME,
    ALICE,
    BOB,
    ENG,
    EVERYONE,
    HANDBOOK,
    INTRANET,
    NOON,
    STAFF,
    WIKI,
    group,
    readable_by,
    user,
)
from tests.acl.registry.registries import KEK, NAMER, Registry, key_of


def test_equal_acls_share_one_readership(registry: Registry) -> None:
    for document in ("payroll", "bonus", "menu"):
        registry.commit(document, readable_by(EVERYONE if document == "menu" else ALICE))

    view, _ = registry.reader.current()

    assert {readable_by(ALICE).digest(), readable_by(EVERYONE).digest()} == set(view.by_digest)
    assert {NAMER.readership(digest, "internal") for digest in view.by_digest} == set(
        view.readerships
    )


def test_a_readership_that_no_live_document_has_is_in_no_view(registry: Registry) -> None:
    registry.commit("payroll", readable_by(ALICE))
    registry.change("payroll", readable_by(ALICE), state=DocumentState.SUSPENDED)

    assert {} == registry.reader.current()[0].by_digest


def test_every_change_of_a_document_raises_its_acl_revision(registry: Registry) -> None:
    registry.commit("payroll", readable_by(ALICE))
    registry.change("payroll", readable_by(BOB))
    registry.commit("payroll", readable_by(ALICE), revision=2)

    statement = registry.statement("payroll")

    assert statement is not None
    assert (3, 2) == (statement.acl_revision, statement.revision)


@pytest.mark.promise("no-snapshot")
def test_a_document_without_an_acl_has_no_readership(registry: Registry) -> None:
    registry.change("payroll", None, state=DocumentState.HIDDEN)

    statement = registry.statement("payroll")

    assert statement is not None
    assert (None, DocumentState.HIDDEN) == (statement.readership, statement.state)


@pytest.mark.promise("unknown-group")
def test_a_group_that_two_sources_define_differently_is_conflicting(registry: Registry) -> None:
    registry.define({ENG: {ALICE}, STAFF: {ENG}})
    registry.define({ENG: {BOB}, STAFF: {ENG}}, INTRANET)

    view, _ = registry.reader.current()

    assert {ENG} == view.directory.conflicting
    assert {STAFF: frozenset({ENG})} == view.directory.definitions
    assert frozenset() == view.directory.standing_of({ALICE}).known_groups


def test_a_group_that_two_sources_define_alike_is_known(registry: Registry) -> None:
    registry.define({ENG: {ALICE, BOB}})
    registry.define({ENG: {BOB, ALICE}}, INTRANET)

    view, _ = registry.reader.current()

    assert (frozenset(), {ENG: frozenset({ALICE, BOB})}) == (
        view.directory.conflicting,
        view.directory.definitions,
    )


@pytest.mark.promise("unknown-group")
def test_an_empty_definition_conflicts_with_a_full_one(registry: Registry) -> None:
    registry.define({ENG: {ALICE}})
    registry.define({ENG: set()}, INTRANET)

    assert {ENG} == registry.reader.current()[0].directory.conflicting


def test_a_group_keeps_members_of_every_kind_and_authority(registry: Registry) -> None:
    members = {ALICE, user("alice", authority=WIKI), STAFF, EVERYONE, group("eng", authority=WIKI)}
    registry.define({ENG: members})

    assert {ENG: frozenset(members)} == registry.reader.current()[0].directory.definitions
    assert {ENG: frozenset(members)} == registry.writer.groups_of(HANDBOOK)


def test_groups_of_one_source_replace_only_its_own(registry: Registry) -> None:
    registry.define({ENG: {ALICE}})
    registry.define({STAFF: {BOB}}, INTRANET)
    registry.define({})

    assert {STAFF: frozenset({BOB})} == registry.reader.current()[0].directory.definitions


def test_sealed_text_comes_back_for_the_current_revision_only(registry: Registry) -> None:
    old = registry.commit("payroll", readable_by(ALICE), revision=1, chunks=3)
    stale = NAMER.chunk(old, 1, 0)
    registry.commit("payroll", readable_by(ALICE), revision=2, chunks=2)

    whole = registry.content.whole(old)

    assert whole is not None
    assert (2, [0, 1]) == (whole.revision, [chunk.ordinal for chunk in whole.chunks])
    assert {} == registry.content.chunks([stale])
    assert registry.reader.document_of(stale) is None
    meaning = Meaning(ACME, HANDBOOK, DocumentId("payroll"), 2)
    opened = open_envelope(meaning, whole.key, KEK)
    assert b"text" == opened.unseal(chunk_part(1), whole.chunks[1].sealed)
    assert b"{}" == opened.unseal(CARD_PART, whole.card)


def test_a_removed_document_leaves_no_text_and_no_key(registry: Registry) -> None:
    """
    A tombstone stays, so that a late sync cannot revive it unnoticed.
    """
    key = registry.commit("payroll", readable_by(ALICE))
    chunk = NAMER.chunk(key, 1, 0)
    registry.change("payroll", None, state=DocumentState.REMOVED)

    columns = ", ".join(SHREDDED)
    (row,) = registry.sql(f"SELECT {columns} FROM documents WHERE key = ?", key)  # noqa: S608
    statement = registry.statement("payroll")

    assert {None} == set(row)
    assert [(0,)] == registry.sql("SELECT count(*) FROM chunks")
    assert registry.content.whole(key) is None
    assert {} == registry.content.chunks([chunk])
    assert registry.writer.sealed_card(key) is None
    assert statement is not None
    assert (DocumentState.REMOVED, 2) == (statement.state, statement.acl_revision)


def test_deleted_text_is_overwritten(sqlite_registry: Registry) -> None:
    """
    Not left in free pages, where a copy of the file would still hold it. PostgreSQL cannot.
    """
    with sqlite_registry.database.reading() as connection:
        assert 1 == connection.exec_driver_sql("PRAGMA secure_delete").scalar()


@pytest.mark.promise("crash-safe")
def test_what_has_changed_is_unsettled_until_the_index_followed(registry: Registry) -> None:
    """
    A permission as well as a content, in the transaction that changes it.
    """
    for change in (
        lambda: registry.commit("payroll", readable_by(ALICE)),
        lambda: registry.change("payroll", readable_by(BOB)),
        lambda: registry.change("payroll", None, state=DocumentState.REMOVED),
        lambda: registry.commit("payroll", readable_by(ALICE), revision=2),
    ):
        change()
        assert [key_of("payroll")] == registry.writer.unsettled()
        registry.settle(key_of("payroll"))
        assert [] == registry.writer.unsettled()


def test_unsettled_documents_are_listed_until_settled(registry: Registry) -> None:
    key = registry.commit("payroll", readable_by(ALICE))
    registry.writer.mark_unsettled([key, key], now=NOON)

    assert {key} == registry.reader.current()[1].unsettled
    assert [key] == registry.writer.unsettled()

    registry.settle(key)

    assert frozenset() == registry.reader.current()[1].unsettled


@pytest.mark.promise("crash-safe")
@pytest.mark.parametrize("before", ["committed", "never committed"])
def test_what_has_changed_since_it_was_seen_stays_unsettled(
    registry: Registry, before: str
) -> None:
    """
    Another process commits while the index follows, and dies before it can follow again.
    """
    if before == "committed":
        registry.commit("payroll", readable_by(ALICE))
    key = key_of("payroll")
    registry.writer.mark_unsettled([key], now=NOON)
    seen = {key: registry.writer.settled_state(key)}
    registry.commit("payroll", readable_by(ALICE, BOB), revision=2)

    registry.writer.settle(seen)

    assert [key] == registry.writer.unsettled()
    registry.settle(key)
    assert [] == registry.writer.unsettled()


def test_a_thousand_documents_are_looked_up_in_one_call(registry: Registry) -> None:
    key = registry.commit("payroll", readable_by(ALICE))
    many = [key_of(str(number)) for number in range(1_200)]

    _, _, found = registry.reader.permissions([*many, key])

    assert {key} == set(found)


def test_ids_are_looked_up_as_they_are_written(registry: Registry) -> None:
    registry.commit("payroll", readable_by(ALICE))

    assert [key_of("payroll")] == registry.reader.keys_of(DocumentId("payroll"), None)
    assert [key_of("payroll")] == registry.reader.keys_of(DocumentId("payroll"), HANDBOOK)
    for other in ("Payroll", "payroll ", "payrol_", "%", "payroll\0", "payroll\ud800"):
        assert registry.reader.document_of(ChunkId(other)) is None
        assert [] == registry.reader.keys_of(DocumentId(other), None)
    assert [] == registry.reader.keys_of(DocumentId("payroll"), INTRANET)


def test_a_reason_may_quote_anything(registry: Registry) -> None:
    """
    One document's odd bytes must not keep a revocation of another from being written.
    """
    reason = "the parser said: \0 \ud800 \x07 é"
    change = PermissionChange(
        DocumentId("payroll"), DocumentState.QUARANTINED, None, "internal", reason
    )
    registry.writer.apply_permissions(HANDBOOK, [change], None, now=NOON)

    stored = registry.writer.known(HANDBOOK)[DocumentId("payroll")].reason

    assert "the parser said: \ufffd ? \x07 é" == stored


def test_migrating_again_changes_nothing(registry: Registry) -> None:
    registry.commit("payroll", readable_by(ALICE))
    before = registry.epoch()

    migrate(registry.url)

    assert before == registry.epoch()
    assert is_current(registry.database)


def test_a_registry_of_a_newer_program_is_refused(registry: Registry) -> None:
    registry.sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(RegistryMismatchError):
        migrate(registry.url)


def test_a_file_without_a_schema_is_not_current(tmp_path: Path) -> None:
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}", may_write=True)

    assert not is_current(empty)
    empty.close()


@pytest.mark.promise("equal-time")
@pytest.mark.parametrize("some", [True, False], ids=["some documents", "none"])
def test_one_seal_is_verified_for_each_document_that_is_looked_up(
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    some: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """
    There or not, and a row is read of each; what is taken in the place of a missing one holds.
    """
    if some:
        for document in ("menu", "payroll"):
            registry.commit(document, readable_by(ALICE))
    verified: list[DocumentKey] = []
    verify = AclSealer.verify

    def counted(sealer: AclSealer, statement: DocumentPermission) -> None:
        verified.append(statement.key)
        verify(sealer, statement)

    monkeypatch.setattr(AclSealer, "verify", counted)
    for asked in (["payroll"], ["absent"], ["absent", "payroll", "gone"]):
        verified.clear()

        _, _, found = registry.reader.look_up([key_of(one) for one in asked])

        assert len(asked) == len(verified) == len(found)
        assert [some and one == "payroll" for one in asked] == [one.there for one in found]
        stated = [one.statement.document for one in found if one.there and one.statement]
        assert [one for one in asked if some and one == "payroll"] == stated
    assert not caplog.records
