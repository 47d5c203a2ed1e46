"""
A sync never shows too much, at no commit, whatever the source does meanwhile.
"""

# ruff: noqa: ANN401 - wrappers and rows pass on what they are given

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from acl.errors import InputError
from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentId
from acl.model.principals import Principal
from acl.registry.writing import RegistryWriter
from ingestion.reconcile import MAX_ATTEMPTS, SourceUnsteadyError
from ingestion.sources.exchange import ExchangeSource
from ingestion.sources.port import ListedDocument, Observation, Problem
from tests.ingestion.world import Site, allow, document

OLD, NEW = "The old text.", "The new text."
BOB_IN, BOB_OUT = (
    [{"id": "eng", "members": ["user:alice", "user:bob"]}],
    [{"id": "eng", "members": ["user:alice"]}],
)


class Watched(RegistryWriter):
    """
    A registry that lets somebody look after each of its commits, from the first that carries
    out what was observed: until then the old text stands under the old permission.
    """

    watch: Callable[[], None]
    begun: bool = False

    def apply_permissions(self, *arguments: Any, **named: Any) -> Any:
        self.begun = True
        return self._watched(super().apply_permissions(*arguments, **named))

    def commit_revisions(self, *arguments: Any, **named: Any) -> Any:
        return self._watched(super().commit_revisions(*arguments, **named))

    def mark_unsettled(self, *arguments: Any, **named: Any) -> None:
        self._watched(super().mark_unsettled(*arguments, **named))

    def settle(self, *arguments: Any, **named: Any) -> None:
        self._watched(super().settle(*arguments, **named))

    def observed(self, *arguments: Any, **named: Any) -> None:
        self._watched(super().observed(*arguments, **named))

    def replace_card(self, *arguments: Any, **named: Any) -> None:
        self._watched(super().replace_card(*arguments, **named))

    def _watched(self, result: Any) -> Any:
        if self.begun:
            self.watch()
        return result


def watched(site: Site, watch: Callable[[], None]) -> Watched:
    world = site.world
    registry = Watched(world.database, world.tenant, world.namer, world.acl_sealer)
    registry.watch = watch
    return registry


@dataclass
class Sightings:
    """
    What each of some readers could read at some commit: by the registry, or by a search.
    """

    site: Site
    readers: Sequence[str]

    def __post_init__(self) -> None:
        self.seen: dict[str, set[str]] = {reader: set() for reader in self.readers}
        self.commits = 0

    def __call__(self) -> None:
        """
        Look.
        """
        self.commits += 1
        for reader in self.readers:
            for texts in (self.site.readable(reader), self.site.found(reader)):
                self.seen[reader].update(texts.values())

    def sync(self, source: ExchangeSource | None = None) -> None:
        """
        Sync, looking after every commit.
        """
        reconciler = self.site.reconciler(registry=watched(self.site, self))
        self.site.sync(source, reconciler)
        self()


FOR_BOB, FOR_ALICE, FOR_ENG = allow("user:bob"), allow("user:alice"), allow("group:eng")


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((FOR_BOB, BOB_IN), (FOR_ALICE, BOB_IN)),
        ((FOR_ENG, BOB_IN), (FOR_ENG, BOB_OUT)),
        ((allow("everyone"), BOB_IN), (FOR_ENG, BOB_OUT)),
    ],
    ids=["by name", "by group", "both"],
)
def test_the_new_enemy_never_reads_the_new_text(
    site: Site, before: tuple[Any, Any], after: tuple[Any, Any]
) -> None:
    """
    A: Bob is removed, then secret text is added. At no commit does Bob read it.
    """
    site.write([document("plan", OLD, acl=before[0])], before[1])
    site.sync()
    assert {"plan": OLD} == site.found("bob")
    site.write([document("plan", NEW, acl=after[0])], after[1])

    sightings = Sightings(site, ["bob"])
    sightings.sync()

    assert sightings.commits > 3
    assert set() == sightings.seen["bob"]
    assert {"plan": NEW} == site.found("alice")


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((FOR_ALICE, BOB_OUT), (allow("user:alice", "user:bob"), BOB_OUT)),
        ((FOR_ENG, BOB_OUT), (FOR_ENG, BOB_IN)),
    ],
    ids=["by name", "by group"],
)
def test_the_new_friend_never_reads_the_old_text(
    site: Site, before: tuple[Any, Any], after: tuple[Any, Any]
) -> None:
    """
    B: the secret is taken out of a text, then Bob is let in. At no commit does he read it.
    """
    site.write([document("plan", OLD, acl=before[0])], before[1])
    site.sync()
    site.write([document("plan", NEW, acl=after[0])], after[1])

    sightings = Sightings(site, ["alice", "bob"])
    sightings.sync()

    assert {NEW} == sightings.seen["bob"]
    assert {NEW} == sightings.seen["alice"]


@pytest.mark.promise("restrict-first")
def test_without_withholding_the_new_friend_reads_the_old_text(site: Site) -> None:
    """
    The control: the same, in a registry that does not suspend, and there is a moment.
    """

    class Relaxed(Watched):
        def apply_permissions(self, source: Any, changes: Any, *rest: Any, **named: Any) -> Any:
            kept = [one for one in changes if one.state is not DocumentState.SUSPENDED]
            return super().apply_permissions(source, kept, *rest, **named)

    site.write([document("plan", OLD, acl=FOR_ENG)], BOB_OUT)
    site.sync()
    site.write([document("plan", NEW, acl=FOR_ENG)], BOB_IN)
    sightings = Sightings(site, ["bob"])
    registry = watched(site, sightings)
    registry.__class__ = Relaxed

    site.sync(reconciler=site.reconciler(registry=registry))

    assert {OLD, NEW} == sightings.seen["bob"]


@pytest.mark.promise("restrict-first")
def test_changed_content_alone_stays_readable_to_its_readers(site: Site) -> None:
    """
    The counterpart: nothing is withheld where no permission has changed.
    """
    site.write([document("plan", OLD, acl=FOR_ALICE)])
    site.sync()
    site.write([document("plan", NEW, acl=FOR_ALICE)])

    sightings = Sightings(site, ["alice", "bob"])
    sightings.sync()

    assert {"alice": {OLD, NEW}, "bob": set()} == sightings.seen
    assert DocumentState.LIVE is site.state("plan")


class Moving(ExchangeSource):
    """
    A source whose owner acts between a listing and what follows, once.
    """

    moment: str
    act: Callable[[], None]
    trusting: bool = False
    acted: bool = False

    def _documents(self, problems: list[Problem]) -> tuple[dict[DocumentId, ListedDocument], bool]:
        self._move("documents are listed")
        return super()._documents(problems)

    def fetch(self, listed: ListedDocument) -> bytes:
        content = super().fetch(listed)
        self._move("content is fetched")
        return content

    def unchanged_since(self, observation: Observation) -> bool:
        """
        Tell the truth, unless a control wants to see what happens otherwise.
        """
        return self.trusting or super().unchanged_since(observation)

    def _move(self, moment: str) -> None:
        if moment == self.moment and not self.acted:
            self.acted = True
            self.act()


def moving(site: Site, moment: str, act: Callable[[], None], *, trusting: bool) -> Moving:
    honest = site.source()
    source = Moving(honest.name, site.folder, site.world.tenant, site.authority, honest._clock)  # noqa: SLF001
    source.moment, source.act, source.trusting = moment, act, trusting
    return source


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize("trusting", [False, True], ids=["asked again", "control"])
def test_an_acl_that_changes_before_the_commit_is_read_again(site: Site, *, trusting: bool) -> None:
    """
    The text was fetched, then its ACL shut Bob out: it is never committed under the old one.

    The control believes the first observation, and Bob reads.
    """
    site.write([document("plan", NEW, acl=allow("user:alice", "user:bob"))])
    source = moving(
        site,
        "content is fetched",
        lambda: site.write([document("plan", NEW, acl=FOR_ALICE)]),
        trusting=trusting,
    )

    sightings = Sightings(site, ["alice", "bob"])
    sightings.sync(source)

    assert {NEW} == sightings.seen["alice"]
    assert ({NEW} if trusting else set()) == sightings.seen["bob"]


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize("trusting", [False, True], ids=["asked again", "control"])
def test_two_halves_of_two_moments_are_no_observation(site: Site, *, trusting: bool) -> None:
    """
    B: groups are read while Bob is in, then he leaves, then a document is opened to the group.

    At no moment could Bob read it at the source. The control pairs the halves, and he does.
    """
    site.write([document("plan", OLD, acl=FOR_ALICE)], BOB_IN)
    site.sync()
    source = moving(
        site,
        "documents are listed",
        lambda: site.write([document("plan", OLD, acl=FOR_ENG)], BOB_OUT),
        trusting=trusting,
    )

    sightings = Sightings(site, ["alice", "bob"])
    sightings.sync(source)

    assert {OLD} == sightings.seen["alice"]
    assert ({OLD} if trusting else set()) == sightings.seen["bob"]


def test_a_source_that_never_stands_still_is_given_up(site: Site) -> None:
    """
    Five times; nothing of it becomes readable, and what was readable stays.
    """
    site.write([document("plan", OLD)])
    site.sync()
    attempts: list[int] = []

    class Restless(Moving):
        def _move(self, moment: str) -> None:
            if moment == "content is fetched":
                attempts.append(len(attempts))
                site.write([document("plan", f"{NEW} {len(attempts)}")])

    site.write([document("plan", NEW)])
    source = moving(site, "never", lambda: None, trusting=False)
    source.__class__ = Restless

    with pytest.raises(SourceUnsteadyError):
        site.sync(source)

    assert MAX_ATTEMPTS == len(attempts)
    assert {"plan": OLD} == site.found("bob")


@pytest.mark.promise("fail-closed-input")
def test_a_damaged_listing_withholds_and_a_whole_one_brings_back(site: Site) -> None:
    """
    Nothing is deleted and nothing is read anew.
    """
    site.write([document("a"), document("b")])
    site.sync()
    before = site.chunk_rows()
    site.forget_calls()
    site.write([document("a"), '{"id": "b", "text": '])

    damaged = site.sync()

    assert {"seen": 1, "unchanged": 1, "suspended": 1, "unusable": 1} == damaged.counts
    assert {"a"} == site.found("bob").keys() == site.readable("bob").keys()
    site.write([document("a"), document("b")])
    assert {"seen": 2, "unchanged": 1, "re-permissioned": 1} == site.sync().counts
    assert {"a", "b"} == site.found("bob").keys()
    assert before == site.chunk_rows()
    assert [] == site.embedder.seen


def test_a_source_that_cannot_be_read_concludes_nothing(site: Site) -> None:
    site.write([document("a")])
    site.sync()
    (site.folder / "documents.jsonl").unlink()

    with pytest.raises(InputError):
        site.sync()

    assert {"a"} == site.found("bob").keys()


@pytest.mark.promise("fail-closed-input")
def test_every_bad_line_is_told_and_counted_and_costs_nothing_else(site: Site) -> None:
    """
    One folder with all of them.
    """
    (site.folder.parent / "outside.txt").write_text("outside")
    (site.folder / "link.txt").symlink_to("../outside.txt")
    (site.folder / "empty.txt").touch()
    with (site.folder / "large.txt").open("wb") as large:
        large.truncate(200_000_000)
    (site.folder / "latin.txt").write_bytes(b"caf\xe9 " * 100)
    site.write(
        [
            document("good", acl=FOR_ENG),
            '{"id": "cut off", "text": "',
            {"id": "without acl", "text": "x"},
            document("unknown kind", acl=allow("role:boss")),
            document("twice"),
            document("twice"),
            document("outside", path="../outside.txt"),
            document("link", path="link.txt"),
            document("missing", path="none.txt"),
            document("latin", path="latin.txt"),
            document("large", path="large.txt"),
            document("empty", path="empty.txt"),
            document("broken", "%PDF-1.7", mime="application/pdf"),
            b'{"id": "nan", "text": "x", "metadata": {"n": NaN}, "acl": {"allow": ["everyone"]}}',
            document("refused group", acl=allow("group:double")),
        ],
        [
            {"id": "eng", "members": ["user:alice", "group:eng"]},
            {"id": "double", "members": ["user:alice"]},
            {"id": "double", "members": ["user:bob"]},
            '{"id": "half',
        ],
    )

    report = site.sync()

    assert {
        "seen": 13,
        "new": 4,  # good, latin, broken, refused group
        "hidden": 4,  # without acl, unknown kind, twice, nan
        "quarantined": 7,  # outside, link, missing, large, empty; and latin, broken
        "unusable": 4,  # the line cut off, and three about groups
    } == report.counts
    told = [str(problem) for problem in report.problems]
    for number in (2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14):
        assert any(one.startswith(f"documents.jsonl:{number}") for one in told), number
    for number in (1, 3, 4):
        assert any(one.startswith(f"groups.jsonl:{number}: ") for one in told), number
    assert {"good"} == site.found("alice").keys() == site.readable("alice").keys()
    assert {} == site.found("bob") == site.readable("bob")


def test_a_dry_run_says_what_a_sync_would_do_and_does_nothing(site: Site) -> None:
    site.write([document("a", OLD), document("b"), document("c")])
    site.sync()
    site.write([document("a", NEW), document("b", acl=FOR_ALICE), document("d")])
    before, epoch = site.snapshot("bob"), site.epoch()
    site.forget_calls()

    planned = site.reconciler().plan(site.source(), "unlabelled")

    assert planned.dry_run
    assert {"seen": 3, "changed": 1, "re-permissioned": 1, "new": 1, "removed": 1} == planned.counts
    assert (before, epoch) == (site.snapshot("bob"), site.epoch())
    assert [] == site.redactor.seen
    assert planned.counts == site.sync().counts


def test_a_sync_without_changes_commits_no_epoch(site: Site) -> None:
    """
    Scopes of readers who are asking meanwhile stay valid.
    """
    site.write([document("a")], BOB_IN)
    site.sync()
    epoch = site.epoch()

    site.sync()

    assert epoch == site.epoch()


def test_a_group_of_another_source_is_not_replaced(site: Site) -> None:
    other = site.world.site()
    for one in (site, other):
        one.write([document("a", acl=FOR_ENG)], BOB_IN)
        one.sync()
    site.write([document("a", acl=FOR_ENG)], BOB_OUT)

    site.sync()

    assert {} == site.found("bob")
    assert {"a"} == other.found("bob").keys()
    held: frozenset[Principal] = frozenset({other.user("alice"), other.user("bob")})
    assert {other.group("eng"): held} == other.world.registry.groups_of(other.source_name)
