"""
A sync that would suddenly show much waits for a person; what it takes away holds at once.
"""

# ruff: noqa: ANN401, ARG002 - wrappers take what they are given

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentId
from acl.model.labels import LabelPolicy
from acl.registry.braking import BrakeRegistry
from acl.registry.held import HeldDocument, HeldDocuments
from acl.registry.writing import RegistryWriter
from ingestion.brake import HELD, Brake, BrakeLimits
from ingestion.reconcile import Reconciler, SyncReport
from tests.ingestion.world import TENANT, Site, allow, document, wall_clock

pytestmark = pytest.mark.promise("brake")

NAMES = ("a", "b", "c")
LABELS = LabelPolicy(("public", "internal", "secret"), "public")
LIMITS = BrakeLimits(documents=2, group_size=2, label=None, allow_first_sync=True, labels=LABELS)
FOR_TWO = allow("user:alice", "user:bob")
FOR_ALL_BUT_BOB = {"allow": ["everyone"], "deny": ["user:bob"]}
SMALL = [{"id": "eng", "members": ["user:alice"]}]
GROWN = [{"id": "eng", "members": ["user:alice", "user:bob", "user:carol", "user:dora"]}]


def reconciler(
    site: Site, limits: BrakeLimits = LIMITS, others: Sequence[Site] = (), **parts: Any
) -> Reconciler:
    sources = [one.source_name for one in (site, *others)]
    registry = BrakeRegistry(site.world.database, TENANT, sources)
    brake = Brake(limits, registry, site.world.namer, wall_clock)
    return replace(site.reconciler(**parts), brake=brake)


def sync(site: Site, limits: BrakeLimits = LIMITS, **parts: Any) -> SyncReport:
    return site.sync(reconciler=reconciler(site, limits, **parts))


def rows(site: Site) -> list[HeldDocument]:
    return HeldDocuments(site.world.database, TENANT).all(site.source_name)


def release(site: Site) -> int:
    board = HeldDocuments(site.world.database, TENANT)
    return board.release(rows(site), now=wall_clock())


def write(site: Site, acl: Any, groups: Sequence[object] | None = None, **members: Any) -> None:
    site.write([document(name, acl=acl, **members) for name in NAMES], groups)


def readers(site: Site) -> dict[str, set[str]]:
    """
    Return who finds what; the registry alone must say the same.
    """
    found = {one: set(site.found(one)) for one in ("alice", "bob", "carol")}
    assert found == {one: set(site.readable(one)) for one in found}
    return found


@pytest.fixture
def synced(site: Site) -> Site:
    """
    A source that was synced once: alice and bob read all of it.
    """
    write(site, FOR_TWO)
    sync(site)
    return site


def test_a_mass_exposure_is_held_and_what_it_takes_away_holds_at_once(synced: Site) -> None:
    """
    Everyone gains nothing, bob loses what he loses, and alice keeps what both ACLs let her read.
    """
    write(synced, FOR_ALL_BUT_BOB)

    report = sync(synced)

    assert {"alice": set(NAMES), "bob": set(), "carol": set()} == readers(synced)
    assert 3 == report.counts["held"]
    assert {("everyone",)} == {one.exposed_to for one in rows(synced)}


def test_without_the_brake_everyone_reads(synced: Site) -> None:
    """
    The control.
    """
    write(synced, FOR_ALL_BUT_BOB)

    synced.sync()

    assert set(NAMES) == readers(synced)["carol"]
    assert [] == rows(synced)


def test_what_is_held_stays_held_and_moves_no_epoch(synced: Site) -> None:
    write(synced, FOR_ALL_BUT_BOB)
    sync(synced)
    before, epoch, held = synced.snapshot(*readers(synced)), synced.epoch(), rows(synced)

    report = sync(synced)

    assert (before, epoch, held) == (
        synced.snapshot(*readers(synced)),
        synced.epoch(),
        rows(synced),
    )
    assert 3 == report.counts["held"]


def test_a_release_takes_effect_with_the_next_sync(synced: Site) -> None:
    write(synced, FOR_ALL_BUT_BOB)
    sync(synced)

    assert 3 == release(synced)
    assert set() == readers(synced)["carol"]
    report = sync(synced)

    assert {"alice": set(NAMES), "bob": set(), "carol": set(NAMES)} == readers(synced)
    assert ([], 0) == (rows(synced), report.counts.get("held", 0))


def test_a_release_is_of_what_was_looked_at(synced: Site) -> None:
    """
    The source says something else after the release: the brake decides anew.
    """
    write(synced, FOR_ALL_BUT_BOB)
    sync(synced)
    release(synced)
    write(synced, allow("everyone"))

    sync(synced)

    assert {"alice": set(NAMES), "bob": set(NAMES), "carol": set()} == readers(synced)
    assert {None} == {one.released_at for one in rows(synced)}
    assert 3 == len(rows(synced))


def test_what_is_no_longer_exposed_is_let_go(synced: Site) -> None:
    write(synced, FOR_ALL_BUT_BOB)
    sync(synced)
    write(synced, allow("user:carol"))

    sync(synced)

    assert {"alice": set(), "bob": set(), "carol": set(NAMES)} == readers(synced)
    assert [] == rows(synced)


def test_fewer_of_what_is_held_are_still_held(synced: Site) -> None:
    """
    Stating the rest again, a few at a time, is no way round a person.
    """
    write(synced, allow("everyone"))
    sync(synced)
    synced.write([document("a"), *(document(name, acl=FOR_TWO) for name in "bc")])

    sync(synced)

    assert set() == readers(synced)["carol"]
    assert ["a"] == [one.document for one in rows(synced)]


def test_a_few_documents_need_no_review(synced: Site) -> None:
    synced.write([document("a"), document("b"), document("c", acl=FOR_TWO)])

    sync(synced)

    assert {"a", "b"} == readers(synced)["carol"]


def test_new_documents_are_withheld_until_they_are_released(synced: Site) -> None:
    old = [document(name, acl=FOR_TWO) for name in NAMES]
    new = [document(name) for name in ("d", "e", "f")]
    synced.write([*old, *new])

    sync(synced)
    held = {one: synced.state(one) for one in "def"}
    before = readers(synced)
    release(synced)
    sync(synced)

    assert dict.fromkeys("def", DocumentState.SUSPENDED) == held
    assert set(NAMES) == before["alice"]
    assert set("def") == readers(synced)["carol"]
    assert [] == rows(synced)


def test_the_first_sync_is_let_through_unless_it_is_to_be_held(site: Site) -> None:
    other = site.world.site()
    for one in (site, other):
        write(one, allow("everyone"))

    sync(site)
    sync(other, replace(LIMITS, allow_first_sync=False))

    assert (set(NAMES), set()) == (readers(site)["carol"], readers(other)["carol"])


def test_a_first_sync_that_was_broken_off_is_still_the_first(site: Site) -> None:
    class Broken(RegistryWriter):
        def commit_revisions(self, *arguments: Any, **named: Any) -> Any:
            raise KeyboardInterrupt

    world = site.world
    broken = Broken(world.database, world.tenant, world.namer, world.acl_sealer)
    write(site, allow("everyone"))
    with pytest.raises(KeyboardInterrupt):
        sync(site, registry=broken)

    sync(site)

    assert set(NAMES) == readers(site)["carol"]


def test_content_that_changed_as_well_is_read_by_those_whom_both_permit(synced: Site) -> None:
    write(synced, FOR_ALL_BUT_BOB, text="Another text.")

    sync(synced)

    assert {"alice": set(NAMES), "bob": set(), "carol": set()} == readers(synced)
    assert {"Another text."} == set(synced.found("alice").values())


def test_a_group_that_grows_withholds_what_it_would_expose(site: Site) -> None:
    write(site, allow("group:eng"), SMALL)
    sync(site)
    write(site, allow("group:eng"), GROWN)

    sync(site)
    held = readers(site)
    again = sync(site)
    release(site)
    sync(site)

    assert {"alice": set(), "bob": set(), "carol": set()} == held
    assert 3 == again.counts["held"]
    assert {"alice": set(NAMES), "bob": set(NAMES), "carol": set(NAMES)} == readers(site)


def test_a_group_matters_to_documents_of_other_sources(site: Site) -> None:
    """
    They are withheld in the same commit, and stay so when their own source is synced.
    """
    other = site.world.site()
    named = f"group:{site.authority}/eng"
    site.write([document("own", acl=allow("user:alice"))], SMALL)
    write(other, allow(named))
    sync(site, others=[other])
    sync(other, others=[site])
    site.write([document("own", acl=allow("user:alice"))], GROWN)

    report = sync(site, others=[other])
    states = {other.state(one) for one in NAMES}
    sync(other, others=[site])

    assert 3 == report.counts["held"]
    assert {DocumentState.SUSPENDED} == states == {other.state(one) for one in NAMES}
    assert other.reason("a").startswith(HELD)
    release(other)
    sync(other, others=[site])
    assert {DocumentState.LIVE} == {other.state(one) for one in NAMES}


def test_whatever_is_labelled_above_the_limit_is_held(synced: Site) -> None:
    """
    Whatever the number, and also where the label is lowered in the same breath.
    """
    limits = replace(LIMITS, label="internal")
    write(synced, FOR_TWO, label="secret")
    sync(synced, limits)
    synced.write(
        [
            document("a", label="public"),
            document("b", acl=FOR_TWO, label="secret"),
            document("c", acl=FOR_TWO, label="secret"),
            document("d", label="internal"),
        ]
    )

    sync(synced, limits)

    assert {"d"} == readers(synced)["carol"]
    assert ["a"] == [one.document for one in rows(synced)]
    known = synced.world.registry.known(synced.source_name)
    assert "secret" == known[DocumentId("a")].permission.label


def test_the_label_rule_holds_in_the_first_sync(site: Site) -> None:
    site.write([document("a", label="secret"), document("b", label="public")])

    sync(site, replace(LIMITS, label="internal"))

    assert {"b"} == readers(site)["carol"]


def test_a_dry_run_says_what_would_be_held(synced: Site) -> None:
    write(synced, allow("everyone"))

    report = reconciler(synced).plan(synced.source(), "internal")

    assert 3 == report.counts["held"]
    assert [] == rows(synced)


def test_a_crash_at_any_commit_lets_nothing_through(synced: Site) -> None:
    """
    The rows are there as soon as the permissions are.
    """

    class Broken(RegistryWriter):
        def observed(self, *arguments: Any, **named: Any) -> None:
            raise KeyboardInterrupt

    world = synced.world
    broken = Broken(world.database, world.tenant, world.namer, world.acl_sealer)
    write(synced, FOR_ALL_BUT_BOB)
    with pytest.raises(KeyboardInterrupt):
        sync(synced, registry=broken)
    assert 3 == len(rows(synced))

    sync(synced)

    assert {"alice": set(NAMES), "bob": set(), "carol": set()} == readers(synced)


def test_a_damaged_listing_does_not_make_old_documents_new(site: Site) -> None:
    """
    What everyone could read before it was withheld is not newly exposed when it comes back.
    """
    write(site, allow("everyone"))
    sync(site)
    site.write(["{"])
    sync(site)
    assert DocumentState.SUSPENDED is site.state("a")
    write(site, allow("everyone"))

    sync(site)

    assert set(NAMES) == readers(site)["carol"]


def test_what_a_group_did_meanwhile_is_not_overlooked(site: Site) -> None:
    """
    Withheld while the group grew: it comes back as something new.
    """
    write(site, allow("group:eng"), SMALL)
    sync(site)
    site.write(["{"], GROWN)
    sync(site)
    write(site, allow("group:eng"), GROWN)

    sync(site)

    assert {"alice": set(), "bob": set(), "carol": set()} == readers(site)
