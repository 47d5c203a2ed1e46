"""
Readers and writers at once, each held up at random points, and some writers broken off.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from retrieval.answer import ReadingRoom
from tests.ingestion.fuse import Broken
from tests.scenarios.installation import Installation
from tests.security.enemy.sabotage import without
from tests.security.enemy.scene import Looking, Scene
from tests.security.enemy.stories import STORIES, Step
from tests.security.enemy.ways import Pull

RACING: Final = ("search", "document")
"""
How bob asks, each in a thread of its own.
"""

POINTS: Final = 60
"""
About as many calls as a writer makes; what is drawn beyond them does not happen.
"""


class Draw:
    """
    Repeatable chance. When threads run is left to the machine.
    """

    def __init__(self, seed: int) -> None:
        self._from = np.random.default_rng(seed)

    def below(self, number: int) -> int:
        return int(self._from.integers(number))

    def wait(self, *, usual_seconds: float, long_seconds: float) -> None:
        """
        Wait at every other point; at one of twelve as long as somebody who was put to sleep.
        """
        longest = (long_seconds, usual_seconds, usual_seconds, usual_seconds)
        one_of = self.below(12)
        if one_of < 6:
            time.sleep(float(self._from.random()) * longest[min(one_of, 3)])


@dataclass
class Race:
    """
    Bob's threads against one scene after another. `off`: the guards that are taken away.
    """

    scenes: list[Scene]
    seed: int
    off: frozenset[str] = frozenset()
    leaked: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    @classmethod
    def of(
        cls, shared: Installation, way: str, seed: int, off: frozenset[str] = frozenset()
    ) -> "Race":
        """
        Return a race over every story on one way in.
        """
        return cls([Scene.of(shared, story, way) for story in STORIES], seed, off)

    def iterations_to_a_leak(self, most: int) -> int | None:
        """
        Tell stories until bob gets a secret; return how many that took, `None` if he never does.
        """
        draw = Draw(self.seed)
        for number in range(most):
            scene = self.scenes[number % len(self.scenes)]
            with self.asking(scene):
                self._tell(scene, draw)
            if self.leaked.is_set():
                return number + 1
        return None

    @contextmanager
    def asking(self, scene: Scene) -> Iterator[None]:
        """
        Let bob ask for the length of a block, and to the end of what he has begun.
        """
        self.over.clear()
        failed: list[BaseException] = []
        threads = [
            threading.Thread(target=self._ask, args=(scene, kind, number, failed))
            for number, kind in enumerate(RACING)
        ]
        for one in threads:
            one.start()
        try:
            yield
        finally:
            self.over.set()
            for one in threads:
                one.join()
        assert not failed, failed

    def _ask(self, scene: Scene, kind: str, number: int, failed: list[BaseException]) -> None:
        draw = Draw(self.seed * 1_000 + scene.number * 10 + number)
        held_up = Looking(lambda _: draw.wait(usual_seconds=0.004, long_seconds=0.12))
        room = scene.stepping(held_up, self._room(scene))
        try:
            while not self.over.is_set() and not self.leaked.is_set():
                self.asked += 1
                if scene.leaks(kind, room):
                    self.leaked.set()
        except Exception as error:  # noqa: BLE001 - told by the main thread
            failed.append(error)

    def _room(self, scene: Scene) -> ReadingRoom:
        return without(scene.room, self.off) if self.off else scene.room

    def _tell(self, scene: Scene, draw: Draw) -> None:
        acts_at = draw.below(POINTS)
        if isinstance(scene.way, Pull) and not scene.story.apart and draw.below(3) == 0:
            # The owner acts while a sync that lets bob in is running.
            scene.close()
            scene.tell(Step.OPEN)
            self._take_in(scene, draw, acts_at)
            if not scene.acted:
                scene.act()
        else:
            scene.open()
            scene.act()
        self._take_in(scene, draw, None)
        scene.end()

    def _take_in(self, scene: Scene, draw: Draw, acts_at: int | None) -> None:
        ends_at = draw.below(POINTS) if draw.below(3) == 0 else None

        def at(number: int) -> None:
            if number == acts_at:
                scene.act()
            if number == ends_at:
                raise Broken
            draw.wait(usual_seconds=0.002, long_seconds=0.02)

        with suppress(Broken):
            scene.way.take_in(Looking(at))
