"""
What nobody sees carries nothing: whatever message is hidden in a text, the same comes out.

That the output is the same for every message is more than that a known decoder finds nothing.
"""

import gettext
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pycountry
import pytest

from acl.model.characters import visible
from acl.model.lookalikes import unmixed
from ingestion.clean import clean
from retrieval.sanitise import inert, sanitise
from tests.retrieval.test_cite import passage
from tests.security.carriers_of_bits import CARRIERS, COVER, payloads

LOCALES = Path(pycountry.__file__).parent / "locales"
TOLERATED = 0.001


def released(text: str) -> str:
    """
    Return what leaves of a text that came in.
    """
    return inert(clean(text).text)


@pytest.mark.promise("nothing-unseen")
@pytest.mark.parametrize("name", sorted(CARRIERS))
def test_no_bit_of_a_hidden_message_comes_out(name: str) -> None:
    carry = CARRIERS[name]

    assert 1 == len({released(carry(COVER, bits)) for bits in payloads()})


@pytest.mark.promise("nothing-unseen")
@pytest.mark.parametrize("name", sorted(CARRIERS))
def test_every_carrier_would_carry(name: str) -> None:
    """
    The control: before they are made inert, the texts differ in every message.
    """
    carry = CARRIERS[name]

    assert 150 == len({carry(COVER, bits) for bits in payloads()})


@pytest.mark.promise("nothing-unseen")
def test_on_the_way_out_alone_nothing_hidden_leaves() -> None:
    """
    Also of what was ingested before there was any cleaning.
    """
    for name, carry in CARRIERS.items():
        assert 1 == len({inert(carry(COVER, bits)) for bits in payloads()}), name


@pytest.mark.promise("nothing-unseen")
def test_an_address_that_hides_something_is_left_out() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    plain = replace(passage("text"), url="https://wiki.example/a\u00e9?q=1")

    assert plain.url == sanitise(plain).url
    assert "" == sanitise(replace(plain, url=plain.url + hidden)).url


@pytest.mark.promise("nothing-unseen")
def test_honest_texts_of_many_languages_stay_as_they_are() -> None:
    """
    Names of countries, regions, languages and currencies, as their speakers write them: joiners
    that a script needs are kept.
    """
    texts = list(translations())
    changed = [text for text in texts if unmixed(visible(text)) != text]

    assert len(texts) > 300_000
    assert len(changed) <= TOLERATED * len(texts)


def translations() -> Iterator[str]:
    for file in sorted(LOCALES.rglob("*.mo")):
        with file.open("rb") as opened:
            catalogue = gettext.GNUTranslations(opened)
        entries: dict[object, str] = getattr(catalogue, "_catalog")  # noqa: B009 - has no other way
        yield from (text for key, text in entries.items() if key and text)
