"""
No new enemy, with the order left to chance: readers race with writers that wait and die.

How often is enough is measured: with the guards of the way out taken away the same race leaks
after `n` iterations, and with them it must hold for max(1,000, mean + 3 standard deviations of n).
"""

import logging
import math
import multiprocessing
import signal
import statistics
from pathlib import Path
from typing import Final

import pytest

from tests.acl.identity.issuers import Issuer
from tests.ingestion.fuse import Fuse
from tests.properties.effort import DEEP
from tests.scenarios.installation import ALGORITHM, Clock, Installation, opened
from tests.security.enemy.race import Draw, Race
from tests.security.enemy.sabotage import COMPARISON, DECISION, ONE_EPOCH, REVISION
from tests.security.enemy.scene import WAYS
from tests.security.enemy.ways import Push, Unsaid

logger = logging.getLogger(__name__)

pytestmark = pytest.mark.promise("new-enemy")

CAP: Final = 1_000
ITERATIONS: Final = 6
KILLS: Final = 24
FEWEST_CALLS: Final = 20
"""
So many calls every writer makes, whatever it has to do.
"""
EVERY_CHECK: Final = frozenset({COMPARISON, DECISION, ONE_EPOCH, REVISION})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.timeout(3_000)
def test_in_a_race_the_enemy_gets_nothing(shared: Installation, way: str) -> None:
    """
    Five samples of the control say how long the race is; everyday it is short, and the control
    is that of `test_new_enemy`, which leaves nothing to chance.
    """
    iterations = ITERATIONS
    if DEEP:
        control = [
            Race.of(shared, way, seed, EVERY_CHECK).iterations_to_a_leak(CAP) for seed in range(5)
        ]
        logger.info("%s: without the checks after %s iterations", way, control)
        leaked = [one for one in control if one is not None]
        assert control == leaked, "without the checks somebody must win within the cap"
        enough = statistics.mean(leaked) + 3 * statistics.stdev(leaked)
        iterations = max(CAP, math.ceil(enough))
    race = Race.of(shared, way, seed=100)

    assert race.iterations_to_a_leak(iterations) is None
    assert race.asked > iterations
    logger.info("%s: nothing in %d iterations, %d requests", way, iterations, race.asked)


def killed(directory: Path, way: str, sources: tuple[str, str], unsaid: Unsaid, at: int) -> None:
    """
    Take a story in as a process of its own, and die before a call.
    """
    with opened(directory, Issuer(ALGORITHM), Clock()) as one:
        writer = WAYS[way](one, *sources)
        if isinstance(writer, Push):
            writer.unsaid = unsaid
        writer.take_in(Fuse(at, kill=True))


@pytest.mark.skipif(not DEEP, reason="READERSHIP_DEEP=1; everyday others are killed")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.timeout(3_000)
def test_while_writers_are_killed_the_enemy_gets_nothing(shared: Installation, way: str) -> None:
    """
    SIGKILL at a point drawn by lot, while bob asks; the next run goes on.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    race, draw = Race.of(shared, way, seed=200), Draw(200)

    for number in range(KILLS):
        scene = race.scenes[number % len(race.scenes)]
        scene.open()
        scene.act()
        unsaid = scene.way.unsaid if isinstance(scene.way, Push) else []
        sources = (scene.way.source, scene.way.directory)
        arguments = (shared.directory, way, sources, unsaid, draw.below(FEWEST_CALLS))
        with race.asking(scene):
            process = processes.Process(target=killed, args=arguments)
            process.start()
            process.join(60)
            assert -signal.SIGKILL == process.exitcode
            scene.end()
        assert not race.leaked.is_set()
