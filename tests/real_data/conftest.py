"""
One ingested installation for a module, given back at its end, and every comparison made once.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tests.real_data import kubernetes
from tests.real_data.comparing import LIMIT, Comparison, chosen_readers
from tests.real_data.kubernetes import Kubernetes, write_exchange
from tests.real_data.oracle import Oracle, RedactedQuestion
from tests.real_data.questions import QUESTIONS
from tests.real_data.world import CANDIDATES, World, ingested

EXCERPT_CHARACTERS: Final = (500, 500, 1_000)
"""
What an everyday run keeps of texts, in turns: one chunk, one, two. `READERSHIP_DEEP=1`
keeps all of them.
"""


@pytest.fixture(scope="session")
def data() -> Kubernetes:
    """
    The data as they are, or a skipped test.
    """
    if not kubernetes.available():
        pytest.skip(kubernetes.ABSENT)
    return kubernetes.load()


@pytest.fixture(scope="module")
def world(data: Kubernetes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """
    Every document, ingested. Read this one; never change it.
    """
    lengths = () if os.environ.get("READERSHIP_DEEP") else EXCERPT_CHARACTERS

    def write(folder: Path) -> None:
        write_exchange(data, folder, documents=data.proposals, lengths=lengths)

    with ingested(tmp_path_factory.mktemp("kubernetes") / "installation", write) as one:
        yield one


@pytest.fixture(scope="module")
def oracle(data: Kubernetes, world: World) -> Oracle:
    """
    The oracle over what the installation has stored, with permissions from the raw data.
    """
    chunks = world.stored([one.id for one in data.proposals])
    vectors = np.array([world.embedder.seen[one.embedded] for one in chunks], dtype=np.float64)
    permitted = {person: data.readable_by(person) for person in data.people}
    return Oracle(chunks, vectors, permitted, candidates=CANDIDATES)


@pytest.fixture(scope="module")
def asked(world: World) -> dict[str, RedactedQuestion]:
    """
    The questions as they are searched for.
    """
    return {question: world.prepared(question) for question in QUESTIONS}


@pytest.fixture(scope="module")
def comparisons(
    data: Kubernetes, world: World, oracle: Oracle, asked: dict[str, RedactedQuestion]
) -> list[Comparison]:
    """
    Every chosen reader's answer to every question, with the oracle's verdict.
    """
    made = []
    for reader in chosen_readers(data):
        for question in QUESTIONS:
            answer = world.ask(world.room, reader, question, limit=LIMIT)
            judge = oracle.judge(reader, asked[question], limit=LIMIT)
            made.append(Comparison.of(reader, question, answer, judge))
    return made
