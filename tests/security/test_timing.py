"""
What a reader may not see does not show in how long an answer takes.

Pairs of requests, in random order within each, in this process and over HTTP on the loopback
address: the bootstrap's 99% interval of the median difference must lie within 2% of the median,
or half a millisecond where that is more. What lies outside is measured once more, with new
chance, and both figures are told.

It takes minutes and wants a machine that is not too busy, so it runs in the deep effort alone;
the arithmetic is tested every day (`test_evidence`).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from tests.properties.effort import DEEP
from tests.security.evidence import Difference, paired
from tests.security.stopwatch import Contrast
from tests.security.twins import ITEMS, OTHER, READER, Twin, Way, name, twins, word

pytestmark = [
    pytest.mark.promise("equal-time"),
    pytest.mark.skipif(not DEEP, reason="measures for minutes; READERSHIP_DEEP=1 runs it"),
    pytest.mark.timeout(3_000),
]

PAIRS: Final = 7_000
"""
A sign test with a level of .001 sees 53 of 100 among so many, with a power of 95%.
"""

PILOT: Final = 300
CONTROL_PAIRS: Final = 1_000
HALF_AGAIN: Final = 1.5

Record = Callable[[str, object], None]
Pair = tuple[Twin, Twin]


@dataclass(frozen=True)
class Asking:
    """
    The reader's way to each of the two, and another reader's.
    """

    pair: Pair
    ways: tuple[Way, Way]
    others: tuple[Way, Way]

    def hidden_in(self, number: int) -> int:
        """
        Say in which of the two the item of a pair is hidden.
        """
        return int(number % ITEMS in self.pair[1].hidden)

    def with_secret(self, number: int) -> Way:
        return self.ways[self.hidden_in(number)]

    def without_secret(self, number: int) -> Way:
        return self.ways[1 - self.hidden_in(number)]

    def passage(self, number: int) -> str:
        return self.pair[self.hidden_in(number)].passage(number % ITEMS)


def hidden_match(one: Asking) -> Contrast:
    """
    The same question, of a word that hidden documents hold and of words that the reader's hold.
    """

    def question(number: int) -> str:
        return f"{word(number % ITEMS)} common1 common2"

    return Contrast(
        lambda n: one.with_secret(n).search(question(n)),
        lambda n: one.without_secret(n).search(question(n)),
        one.hidden_in,
    )


def hidden_document(one: Asking) -> Contrast:
    """
    The same document, hidden and absent.
    """
    return Contrast(
        lambda n: one.with_secret(n).document(name(n % ITEMS)),
        lambda n: one.without_secret(n).document(name(n % ITEMS)),
        one.hidden_in,
    )


def hidden_passage(one: Asking) -> Contrast:
    """
    The same passage, hidden and absent.
    """
    return Contrast(
        lambda n: one.with_secret(n).passage(one.passage(n)),
        lambda n: one.without_secret(n).passage(one.passage(n)),
        one.hidden_in,
    )


def warmed_cache(one: Asking) -> Contrast:
    """
    A question of new words that another reader has just asked, and one that nobody has.

    In both cases another reader has just asked something.
    """

    def fresh(number: int, kind: str) -> str:
        return f"{kind}a{number} {kind}b{number} common1 common2"

    here, other = one.ways[0], one.others[0]
    return Contrast(
        secret=lambda n: here.search(fresh(n, "warm")),
        plain=lambda n: here.search(fresh(n, "cold")),
        before_secret=lambda n: other.search(fresh(n, "warm")),
        before_plain=lambda n: other.search(fresh(n, "else")),
    )


def nothing(one: Asking) -> Contrast:
    """
    The null pair: a document that is absent both times.
    """
    return Contrast(
        lambda n: one.without_secret(n).document(name(n % ITEMS)),
        lambda n: one.without_secret(n).document(name(n % ITEMS)),
        one.hidden_in,
    )


CONTRASTS: Final = {
    "hidden match": hidden_match,
    "hidden document": hidden_document,
    "hidden passage": hidden_passage,
    "warmed cache": warmed_cache,
    "nothing": nothing,
}
OVER_HTTP: Final = pytest.mark.parametrize("over_http", [False, True], ids=["in process", "HTTP"])


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with twins(seed=1) as both:
        yield both


@contextmanager
def asking(pair: Pair, *, over_http: bool, hesitating: float = 0) -> Iterator[Asking]:
    """
    Open every way; with a delay, what is hidden takes so many seconds longer.
    """
    with ExitStack() as stack:
        rooms = [one.hesitating(hesitating) if hesitating else one.room for one in pair]

        def ways(reader: str) -> tuple[Way, Way]:
            first, second = (
                stack.enter_context(one.way(room, reader, over_http=over_http))
                for one, room in zip(pair, rooms, strict=True)
            )
            return first, second

        yield Asking(pair, ways(READER), ways(OTHER))


@OVER_HTTP
@pytest.mark.parametrize("kind", CONTRASTS)
def test_no_secret_shows_in_the_time(
    pair: Pair, kind: str, *, over_http: bool, record_property: Record
) -> None:
    with asking(pair, over_http=over_http) as one:
        contrast = CONTRASTS[kind](one)
        found = paired(contrast.measured(PAIRS, seed=1), seed=1)
        told(record_property, kind, found, over_http=over_http)
        if not found.within():
            found = paired(contrast.measured(PAIRS, seed=2), seed=2)
            told(record_property, f"{kind}, once more", found, over_http=over_http)

    assert found.within(), found


@OVER_HTTP
@pytest.mark.parametrize("kind", ["hidden match", "hidden document", "hidden passage"])
def test_a_delay_of_three_percent_would_be_seen(
    pair: Pair, kind: str, *, over_http: bool, record_property: Record
) -> None:
    """
    The control: half again the limit, so 3% of the median, and no less than 0.75 ms.
    """
    with asking(pair, over_http=over_http) as one:
        pilot = paired(CONTRASTS[kind](one).measured(PILOT, seed=3), seed=3)
    delay = HALF_AGAIN * pilot.limit_ms

    with asking(pair, over_http=over_http, hesitating=delay / 1_000) as one:
        found = paired(CONTRASTS[kind](one).measured(CONTROL_PAIRS, seed=4), seed=4)

    told(record_property, f"{kind}, {delay:.3f} ms longer", found, over_http=over_http)
    assert found.beyond(), found


def told(record_property: Record, kind: str, found: Difference, *, over_http: bool) -> None:
    """
    Print a figure and put it into the report.
    """
    where = "over HTTP" if over_http else "in process"
    print(f"\n{kind}, {where}: {found}")  # noqa: T201 - the figures are what is wanted
    record_property(f"{kind}, {where}", str(found))
