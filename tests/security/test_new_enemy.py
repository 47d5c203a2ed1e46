"""
No new enemy: who was shut out gets nothing of what is written afterwards.

Three stories (Zanzibar's two, and one of every index): A, somebody is taken off a document and a
secret is written into it; B, somebody is put out of a folder and a document comes into it; C, the
permission and the content are in different places, and one of them is behind. Here they are told
on both ways in and stopped at every point in turn: whenever the writer has written something, and
whenever a request that had begun before is between two of its steps. `test_new_enemy_race` leaves
the order to chance.
"""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from retrieval.answer import ReadingRoom
from tests.ingestion.fuse import READING, Broken, Calls, Fuse
from tests.properties.effort import DEEP
from tests.scenarios.installation import Installation
from tests.security.enemy.sabotage import (
    COMPARISON,
    DECISION,
    ONE_EPOCH,
    REVISION,
    believing_the_listing,
    content_first,
    stale_payload,
    without,
)
from tests.security.enemy.scene import KINDS, WAYS, Looking, Scene, kept
from tests.security.enemy.stories import STORIES, Step
from tests.security.enemy.ways import Pull

pytestmark = pytest.mark.promise("new-enemy")

NEVER: Final = -1


def told(*everyday: tuple[str, str]) -> pytest.MarkDecorator:
    """
    Tell these stories on these ways everyday, and every story on both ways in the deep effort.
    """
    pairs = list(itertools.product(STORIES, WAYS)) if DEEP else everyday
    return pytest.mark.parametrize(
        ("story", "way"), [pytest.param(*one, id=", ".join(one)) for one in pairs]
    )


def writing(calls: Calls) -> list[int]:
    """
    Return the numbers of the calls that change something.
    """
    return [number for number, name in enumerate(calls.calls) if name not in READING]


def rehearsed(scene: Scene) -> Calls:
    """
    Return the calls by which the service takes the story in.
    """
    scene.open()
    scene.act()
    calls = Calls()
    scene.way.take_in(calls)
    scene.end()
    return calls


def asked_at(number: int) -> Sequence[str]:
    """
    Return how bob asks at a point: in every way, or everyday in another one each time.
    """
    return KINDS if DEEP else (KINDS[number % len(KINDS)],)


def taken_in(
    scene: Scene, swap: Callable[[Any], Any] = kept
) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
    """
    Take the story in; return the calls of that, and before which of them bob gets the secret.
    """
    scene.open()
    scene.act()
    leaks: list[tuple[str, str]] = []

    def look(number: int) -> None:
        if (name := calls.calls[number]) not in READING:
            leaks.extend((name, one) for one in asked_at(number) if scene.leaks(one))

    calls = Looking(look, swap)
    scene.way.take_in(calls)
    return calls.calls, leaks


def acting_at(
    scene: Scene, point: int, swap: Callable[[Any], Any] = kept
) -> tuple[Sequence[str], Sequence[str]]:
    """
    Let the owner act at a point of a sync that lets bob in; return the calls of that sync, and
    what bob gets from that point on.
    """
    scene.close()
    scene.tell(Step.OPEN)
    leaks: list[str] = []

    def look(number: int) -> None:
        if number == point:
            scene.act()
        if number >= point and calls.calls[number] not in READING:
            leaks.extend(one for one in asked_at(number) if scene.leaks(one))

    calls = Looking(look, swap)
    scene.way.take_in(calls)
    leaks.extend(one for one in KINDS if scene.leaks(one))
    return calls.calls, leaks


@told(
    ("A, by name", "push"),
    ("A, by group", "pull"),
    ("A, by group", "push"),
    ("A, address", "pull"),
    ("B, new", "push"),
    ("B, moved", "pull"),
    ("C, group elsewhere", "pull"),
)
def test_at_no_write_does_the_enemy_get_the_secret(
    shared: Installation, story: str, way: str
) -> None:
    """
    Bob searches and fetches before every call that writes, and after the last.
    """
    scene = Scene.of(shared, story, way)
    calls, leaks = taken_in(scene)

    assert len(calls) >= 10
    assert [] == leaks
    scene.end()


@told(("A, by group", "pull"), ("B, moved", "push"))
@pytest.mark.timeout(1_200)
def test_a_writer_that_dies_at_a_write_leaves_no_secret_to_the_enemy(
    shared: Installation, story: str, way: str
) -> None:
    """
    Broken off before a call that writes; the next run goes on, and alice gets what is hers.
    """
    scene = Scene.of(shared, story, way)
    points = writing(rehearsed(scene))

    for number in points[:: 1 if DEEP else 5]:
        scene.open()
        scene.act()
        with pytest.raises(Broken):
            scene.way.take_in(Fuse(number))
        assert not [one for one in asked_at(number) if scene.leaks(one)], number
        scene.end()


@dataclass
class Straddling:
    """
    Requests of bob that begin while he may read, and meet the whole story between two steps.
    """

    scene: Scene
    kind: str
    writer: Calls = field(default_factory=Calls)

    def points(self) -> list[str]:
        """
        Return the steps of a request, by the calls that it makes.
        """
        self.scene.open()
        calls = Calls()
        self.scene.leaks(self.kind, self.scene.stepping(calls))
        return calls.calls

    def leaks(self, point: int, room: ReadingRoom | None = None) -> bool:
        """
        Say whether bob gets the secret if all happens before this step.
        """
        self.scene.open()

        def look(number: int) -> None:
            if number == point:
                self.scene.act()
                with suppress(Broken):
                    self.scene.way.take_in(self.writer)

        return self.scene.leaks(self.kind, self.scene.stepping(Looking(look), room))


@pytest.mark.parametrize("kind", KINDS)
@told(("A, by group", "pull"))
def test_a_request_that_began_before_gets_nothing_that_was_written_since(
    shared: Installation, story: str, way: str, kind: str
) -> None:
    """
    At every step of a search and of both fetches the owner acts, and all of it is taken in.
    """
    straddling = Straddling(Scene.of(shared, story, way), kind)
    points = straddling.points()
    assert len(points) >= 2

    for point in range(len(points)):
        assert not straddling.leaks(point), points[point]
    straddling.scene.end()


@pytest.mark.skipif(not DEEP, reason="READERSHIP_DEEP=1 meets every step with every write")
@told(("A, address", "pull"))
@pytest.mark.timeout(2_400)
def test_no_step_of_a_request_meets_a_write_that_lets_the_enemy_in(
    shared: Installation, story: str, way: str
) -> None:
    """
    Every step of every request, and every point at which the writer may have come to stand.
    """
    scene = Scene.of(shared, story, way)
    writes = writing(rehearsed(scene))

    for kind in KINDS:
        for point, write in itertools.product(range(len(Straddling(scene, kind).points())), writes):
            assert not Straddling(scene, kind, Fuse(write)).leaks(point), (kind, point, write)
            scene.end()


@pytest.mark.skipif(not DEEP, reason="READERSHIP_DEEP=1 lets the owner act everywhere")
@pytest.mark.parametrize("story", [name for name, one in STORIES.items() if not one.apart])
@pytest.mark.timeout(1_200)
def test_an_owner_may_act_at_any_point_of_a_sync(shared: Installation, story: str) -> None:
    """
    Between any two calls, and between the two halves of a listing; bob asks from then on.
    """
    scene = Scene.of(shared, story, "pull")
    for point in itertools.count():
        calls, leaks = acting_at(scene, point)
        if point >= len(calls):
            break
        assert [] == leaks, calls[point]
        scene.end()


def test_between_two_halves_of_a_listing_the_owner_may_act(shared: Installation) -> None:
    """
    Groups are listed while bob is in; what is listed after them is a secret by then.
    """
    scene = Scene.of(shared, "A, by group", "pull")
    calls, _ = acting_at(scene, NEVER)

    _, leaks = acting_at(scene, calls.index("list documents"))

    assert [] == leaks
    scene.end()


@dataclass(frozen=True)
class Control:
    """
    A request of bob that straddles the story, and the guards without which it leaks.
    """

    story: str
    way: str
    kind: str
    at: str
    off: tuple[str, ...]


CONTROLS: Final = (
    Control("A, by group", "pull", "search", "search", (DECISION, ONE_EPOCH)),
    Control("A, by group", "push", "search", "search", (DECISION, ONE_EPOCH)),
    Control("A, by group", "pull", "document", "whole", (REVISION, ONE_EPOCH)),
    Control("A, by group", "push", "document", "whole", (REVISION, ONE_EPOCH)),
    # A new address alone is no new revision in a sync; it is one in a push.
    Control("A, address", "pull", "search", "chunks", (ONE_EPOCH,)),
    Control("A, address", "pull", "document", "whole", (ONE_EPOCH,)),
    Control("A, address", "pull", "passage", "chunks", (ONE_EPOCH,)),
    Control("A, address", "push", "document", "whole", (REVISION, ONE_EPOCH)),
)
"""
The smallest sets that leak: of two guards each is enough.
"""


@pytest.mark.parametrize("control", CONTROLS, ids=lambda one: f"{one.story}, {one.way}, {one.kind}")
def test_without_its_guards_a_request_that_began_before_gets_the_secret(
    shared: Installation, control: Control
) -> None:
    """
    The control: all of them gone, bob gets it; with any one of them he does not.
    """
    straddling = Straddling(Scene.of(shared, control.story, control.way), control.kind)
    point = straddling.points().index(control.at)
    room = straddling.scene.room

    assert straddling.leaks(point, without(room, control.off))
    for one in control.off:
        assert not straddling.leaks(point, without(room, {*control.off} - {one})), one


@pytest.mark.parametrize("way", WAYS)
def test_an_index_that_was_told_of_an_older_snapshot_leaks_only_without_both_checks(
    shared: Installation, way: str
) -> None:
    """
    C: new points bear the readership from before. With the comparison or the decision bob gets
    nothing; without both he does, and that is the control.
    """
    scene = Scene.of(shared, "A, by name", way)
    scene.open()
    stale = scene.readership()
    scene.act()
    scene.way.take_in(Looking(swap=stale_payload(stale)))

    for off in ((), (COMPARISON,), (DECISION,)):
        assert not scene.leaks("search", without(scene.room, off)), off
    assert scene.leaks("search", without(scene.room, (COMPARISON, DECISION)))
    scene.settle_anew()
    scene.end()


def test_a_sync_that_believes_its_first_listing_lets_the_enemy_in(shared: Installation) -> None:
    """
    The control of the way in: no guard of the way out helps where the registry is wrong.
    """
    scene = Scene.of(shared, "A, by group", "pull")
    calls, _ = acting_at(scene, NEVER)

    _, leaks = acting_at(scene, calls.index("list documents"), believing_the_listing)

    assert leaks


@pytest.mark.parametrize("story", ["A, by group", "B, new"])
def test_a_sync_that_takes_content_first_lets_the_enemy_in(
    shared: Installation, story: str
) -> None:
    """
    The other control of the way in.
    """
    _, leaks = taken_in(Scene.of(shared, story, "pull"), content_first)

    assert leaks


def test_a_group_elsewhere_counts_once_it_has_been_read(shared: Installation) -> None:
    """
    C, and its limit: while only the documents have been synced again, bob is still a member of
    what the other source said last. Then that is synced, and he is not.
    """
    scene = Scene.of(shared, "C, group elsewhere", "pull")
    scene.open()
    scene.act()

    assert isinstance(scene.way, Pull)
    scene.way.sync(scene.way.source, Calls())

    assert scene.leaks("search")
    scene.end()
