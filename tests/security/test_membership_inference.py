"""
Membership inference: nothing that an attacker observes tells which documents are hidden here.

Candidates are drawn from one distribution, and chance lays half of them into the installation,
hidden from the attacker. The attacker knows every text and every id, owns documents beside them,
and asks about each candidate: a probe of words as in STRESS (`acl/index/test_stress.py`), its
text, and its id; twice each, in a new random order each time. Whatever comes back is
collected: status, counts, the places of the attacker's own documents, headers, sizes, and the
time. Then a classifier learns on nine tenths which are in, and guesses the last (`evidence`).

What can tell them apart can only be the service, since chance alone chose. It takes minutes, so
it runs in the deep effort; each control runs there as well.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pytest

from acl.model.identifiers import DocumentId, SourceName
from retrieval.answer import ReadingRoom
from tests.properties.effort import DEEP
from tests.real_data.sabotage import with_global_frequencies
from tests.scenarios.installation import Installation, installation
from tests.scenarios.places import fast_place
from tests.security.evidence import Guessing, Numbers, Truths, guessing, most_telling
from tests.security.loopback import Caller, Reply, calling, served
from tests.security.stopwatch import milliseconds, unhurried
from tests.security.twins import HesitatingRechecker

pytestmark = [
    pytest.mark.promise("non-interference"),
    pytest.mark.promise("equal-time"),
    pytest.mark.skipif(not DEEP, reason="measures for minutes; READERSHIP_DEEP=1 runs it"),
    pytest.mark.timeout(3_000),
]

CANDIDATES: Final = 5_000
CONTROL_CANDIDATES: Final = 400
ROUNDS: Final = 2
LEAST: Final = 0.47
MOST: Final = 0.53
UPPER: Final = 0.55
FAR_ABOVE: Final = 0.7
SOURCE: Final = "files"
ATTACKER: Final = "mallory"
WORDS_A_PROBE: Final = 40
LIMIT: Final = 8
RIVALS: Final = ("rv00001x", "rv00002x", "rv00003x")
"""
Words of the attacker's other documents, each in as many of them as a probe's words are in.
"""

COMMON: Final = tuple(f"common{number}" for number in range(200))
DELAY_MS: Final = 2.0
WARM_UP: Final = 100
ASKED: Final = ("the probe", "the text", "the id")

Record = Callable[[str, object], None]
Change = Callable[["House"], ReadingRoom]


@dataclass(frozen=True)
class House:
    """
    An installation with half of the candidates.
    """

    installation: Installation
    room: ReadingRoom
    texts: tuple[str, ...]
    members: Truths

    @property
    def headers(self) -> dict[str, str]:
        return self.installation.bearer(ATTACKER, {"corp": ATTACKER})


def unchanged(house: House) -> ReadingRoom:
    """
    Return the room as it is.
    """
    return house.room


def counting_everything(house: House) -> ReadingRoom:
    """
    Return a room whose words are counted over all documents.
    """
    return with_global_frequencies(house.room)


def hesitating(house: House) -> ReadingRoom:
    """
    Return a room that takes two milliseconds longer over what is hidden.
    """
    namer, one = house.installation.ground.namer, house.room.rechecker
    keys = frozenset(
        namer.document(SourceName(SOURCE), DocumentId(name(number)))
        for number in np.flatnonzero(house.members).tolist()
    )
    slower = HesitatingRechecker(
        one.permissions, one.budgets, one.namer, one.clock, keys, DELAY_MS / 1_000
    )
    return replace(house.room, rechecker=slower)


def name(candidate: int) -> str:
    """
    Return a candidate's id.
    """
    return f"file-{candidate:05}"


def word(candidate: int) -> str:
    """
    Return the word that is in no other candidate.
    """
    return f"zq{candidate:05}x"


@contextmanager
def house(candidates: int, seed: int) -> Iterator[House]:
    """
    Draw candidates, lay half of them in, and the attacker's documents beside them.
    """
    drawn = np.random.default_rng(seed)
    members = drawn.permutation(np.arange(candidates) % 2 == 0)
    texts = tuple(
        " ".join([word(number), *drawn.choice(COMMON, int(drawn.integers(10, 60)))])
        for number in range(candidates)
    )
    hidden = {"allow": ["user:alice"]}
    lines = [
        {"id": name(number), "text": texts[number], "acl": hidden}
        for number in drawn.permutation(np.flatnonzero(members)).tolist()
    ]
    with fast_place() as place, installation(place / "house") as one:
        one.write(SOURCE, [*lines, *_own(candidates)])
        one.sync(SOURCE, "corp")
        yield House(one, one.room([SOURCE], ["corp"]), texts, members)


def _own(candidates: int) -> list[dict[str, Any]]:
    # Probes have as many words and letters as their rivals, in text and title, and each is one
    # chunk: words of both then weigh the same, and a frequency that is off by one shows.
    acl, own = {"allow": [f"user:{ATTACKER}"]}, []
    for start in range(0, candidates, WORDS_A_PROBE):
        words = [word(number) for number in range(start, start + WORDS_A_PROBE)]
        own.append({"id": f"probe-{start}", "text": " ".join(words), "acl": acl})
    for place, rival in enumerate(RIVALS):
        padding = [f"pd{place}{number:04}x" for number in range(WORDS_A_PROBE - 1)]
        own.append({"id": f"rival-{place}", "text": " ".join([rival, *padding]), "acl": acl})
    return own


def observed(house: House, change: Change, seed: int, rounds: int) -> tuple[list[str], Numbers]:
    """
    Return the names of all features, and their values, a row for each candidate.
    """
    drawn, count = np.random.default_rng(seed), len(house.texts)
    times = np.empty((rounds, count, 3))
    rows: list[list[float]] = [[] for _ in range(count)]
    names: list[str] = []
    with served(change(house)) as port, calling(port, house.headers) as caller, unhurried() as tidy:
        for number in range(WARM_UP):
            asked(caller, house, number % count)
        for turn in range(rounds):
            tidy()
            for candidate in drawn.permutation(count).tolist():
                replies, taken = asked(caller, house, candidate)
                times[turn, candidate] = taken
                told = [one for reply in replies for one in features(reply, candidate)]
                names, rows[candidate] = [one for one, _ in told], [value for _, value in told]
    timed = [np.min(times, axis=0), np.median(times, axis=0)]
    spent = [f"{how} time of {what}" for how in ("least", "median") for what in ASKED]
    return [*names, *spent], np.column_stack([np.array(rows), *timed])


def asked(caller: Caller, house: House, candidate: int) -> tuple[list[Reply], list[float]]:
    """
    Ask all three about one candidate; return what came back, and in how many milliseconds.
    """
    replies: list[Reply] = []
    probe = " ".join([word(candidate), *RIVALS])
    taken = [
        milliseconds(lambda: replies.append(caller.search(probe, LIMIT))),
        milliseconds(lambda: replies.append(caller.search(house.texts[candidate], LIMIT))),
        milliseconds(lambda: replies.append(caller.document(name(candidate)))),
    ]
    return replies, taken


def features(reply: Reply, candidate: int) -> list[tuple[str, float]]:
    """
    Return everything that one reply tells, as numbers.
    """
    body = json.loads(reply.body)
    found = [one["provenance"]["document"] for one in body.get("passages", ())]
    probe = f"probe-{candidate // WORDS_A_PROBE * WORDS_A_PROBE}"
    rivals = [f"rival-{place}" for place in range(len(RIVALS))]
    places = [(f"place of {one}", found.index(one) if one in found else LIMIT) for one in rivals]
    lengths = {header: len(value) for header, value in reply.headers}
    return [
        ("status", float(reply.status)),
        ("passages", float(len(found))),
        ("place of the probe", float(found.index(probe) if probe in found else LIMIT)),
        *((one, float(place)) for one, place in places),
        ("headers", float(len(reply.headers))),
        ("length of headers", float(sum(lengths.values()))),
        ("length of body", float(len(reply.body))),
        ("members of body", float(len(body))),
        ("blind", float(len(body.get("blind", ())))),
    ]


def judged(
    house: House, change: Change, seed: int, rounds: int, record_property: Record
) -> Guessing:
    """
    Let the attacker ask and guess; tell the figures.
    """
    names, found = observed(house, change, seed, rounds)
    guess = guessing(found, house.members, seed)
    best, area, corrected = most_telling(found, house.members)
    figures = (
        f"{len(found)} candidates, {len(names)} features: {guess}; "
        f"most telling alone: {names[best]}, AUC {area:.4f}, corrected p = {corrected:.2g}"
    )
    kind = f"{change.__name__}, seed {seed}"
    print(f"\n{kind}: {figures}")  # noqa: T201 - the figures are what is wanted
    record_property(kind, figures)
    return guess


def harmless(guess: Guessing) -> bool:
    """
    Say whether the attacker has learnt nothing.
    """
    return LEAST <= guess.area <= MOST and guess.upper < UPPER


def test_an_attacker_cannot_tell_what_is_hidden_here(record_property: Record) -> None:
    """
    2,500 hidden documents and 2,500 that are not there; once more, with new ones, if in doubt.
    """
    guess = judged_anew(1, record_property)
    if not harmless(guess):
        guess = judged_anew(2, record_property)

    assert harmless(guess), guess


def judged_anew(seed: int, record_property: Record) -> Guessing:
    """
    Attack an installation with new candidates.
    """
    with house(CANDIDATES, seed) as one:
        return judged(one, unchanged, seed, ROUNDS, record_property)


@pytest.fixture(scope="module")
def small() -> Iterator[House]:
    with house(CONTROL_CANDIDATES, seed=3) as one:
        yield one


@pytest.mark.parametrize(("leak", "rounds"), [(counting_everything, 1), (hesitating, ROUNDS)])
def test_with_a_leak_the_attacker_can(
    small: House, leak: Change, rounds: int, record_property: Record
) -> None:
    """
    The controls: frequencies of everything, and two milliseconds more for what is hidden.
    """
    guess = judged(small, leak, 4, rounds, record_property)

    assert guess.area > FAR_ABOVE, guess
