"""
The index follows the registry, and nobody finds a document before it has.
"""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentKey
from acl.registry.writing import PermissionChange
from ingestion.settle import Settler
from tests.ingestion.world import Site, allow, document, wall_clock

TEXT = "The text of a."


def settler(site: Site) -> Settler:
    return Settler(site.world.registry, site.world.index, site.world.namer)


@pytest.fixture
def synced(site: Site) -> Site:
    """
    A site with two documents that everybody finds.
    """
    site.write([document("a"), document("b")])
    site.sync()
    return site


def test_nothing_unsettled_is_nothing_to_do(synced: Site) -> None:
    before = synced.snapshot("bob")

    assert 0 == settler(synced).settle_all()
    assert before == synced.snapshot("bob")


def test_what_is_unsettled_is_found_by_nobody(synced: Site) -> None:
    synced.world.registry.mark_unsettled([synced.key("a")], now=wall_clock())

    assert {"b"} == synced.found("bob").keys() == synced.readable("bob").keys()
    assert 1 == settler(synced).settle_all()
    assert {"a", "b"} == synced.found("bob").keys()


def damage_by_loss(site: Site) -> None:
    site.world.index.remove([site.key("a")])


def damage_by_withdrawal(site: Site) -> None:
    site.world.index.withdraw([site.key("a")])


@pytest.mark.parametrize("damage", [damage_by_loss, damage_by_withdrawal])
def test_what_the_index_has_lost_comes_back(synced: Site, damage: Callable[[Site], None]) -> None:
    """
    A lost readership is written again; lost points are made anew, from the text.
    """
    damage(synced)
    synced.world.registry.mark_unsettled([synced.key("a")], now=wall_clock())

    synced.sync()

    assert TEXT == synced.found("bob")["a"]
    assert frozenset() == synced.snapshot().unsettled


def test_a_document_with_a_missing_point_is_not_half_visible(site: Site) -> None:
    """
    One point of several is gone: the document leaves every search until it is whole again.
    """
    text = "\n\n".join("Some words to fill it." + " Some words to fill it." * 30 for _ in range(5))
    site.write([document("long", text)])
    site.sync()
    whole = site.snapshot().documents["long"].points
    assert whole > 1
    index, key = site.world.index, site.key("long")
    kept: list[Any] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index, "stage", kept.extend)
        site.write([document("long", text + "\n")])
        site.sync()
    index.stage(kept[:-1])  # the last one never arrived

    settler(site).settle_all()

    assert {} == site.found("bob") == site.readable("bob")
    assert {"long"} == site.snapshot().unsettled
    assert 0 == index.count(key, 2)
    site.sync()
    assert {"long": text + "\n"} == site.found("bob") == site.readable("bob")


@pytest.mark.parametrize(
    ("rows", "state", "points"),
    [
        ([document("b"), {"id": "a", "text": TEXT}], DocumentState.HIDDEN, 1),
        ([document("b"), "{"], DocumentState.SUSPENDED, 1),
        ([document("b")], DocumentState.REMOVED, 0),
    ],
)
def test_what_is_withdrawn_keeps_its_points_and_what_is_removed_does_not(
    synced: Site, rows: list[object], state: DocumentState, points: int
) -> None:
    synced.write(rows)

    synced.sync()

    assert state is synced.state("a")
    assert points == synced.world.index.count(synced.key("a"), 1)
    assert {"b"} == synced.found("bob").keys()


@pytest.mark.promise("restrict-first")
def test_what_is_suspended_with_its_readers_known_is_withdrawn(synced: Site) -> None:
    """
    Its ACL is known, and in force for another document; its points are nobody's all the same.
    """
    view, _, statements = synced.world.permissions.permissions([synced.key("a")])
    stated = statements[synced.key("a")]
    assert stated.readership is not None
    known = view.by_digest[stated.readership]
    change = PermissionChange(stated.document, DocumentState.SUSPENDED, known, stated.label)

    touched = synced.world.registry.apply_permissions(
        synced.source_name, [change], None, now=wall_clock()
    )
    settler(synced).settle(touched)

    assert [] == synced.world.registry.unsettled()
    assert {"b"} == synced.found("bob").keys()


def test_points_of_a_document_that_was_never_committed_are_removed(site: Site) -> None:
    """
    Staged by a sync that died before its commit; nobody could find them either.
    """
    stranger = DocumentKey("f" * 32)
    site.world.registry.mark_unsettled([stranger], now=wall_clock())

    settler(site).settle_all()

    assert stranger not in site.world.registry.unsettled()


def test_points_of_another_revision_are_removed(synced: Site) -> None:
    synced.write([document("a", "Another text."), document("b")])

    synced.sync()

    key = synced.key("a")
    assert [0, 1] == [synced.world.index.count(key, revision) for revision in (1, 2)]


@pytest.mark.promise("restrict-first")
def test_nothing_counts_as_settled_before_it_is_durable(
    synced: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The index is flushed before the registry says that it agrees.
    """
    done: list[str] = []

    def noting(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def noted(*arguments: object, **named: object) -> object:
            done.append(name)
            return real(*arguments, **named)

        monkeypatch.setattr(owner, name, noted)

    for name in ("publish", "withdraw", "remove", "flush"):
        noting(synced.world.index, name)
    for name in ("apply_permissions", "settle"):
        noting(synced.world.registry, name)
    synced.write([document("a", acl=allow("user:alice"))])

    synced.sync()

    assert ["publish", "flush"] == [n for n in done if n in {"publish", "flush"}][-2:]
    assert "settle" in done[done.index("apply_permissions") :]
    assert {"flush"} == {before for before, name in itertools.pairwise(done) if name == "settle"}
