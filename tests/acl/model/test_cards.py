"""
Document cards survive sealing, and nothing else passes for one.
"""

import json

import pytest

from acl.model.cards import card_from_json, card_to_json, chunk_part
from acl.model.documents import DocumentCard
from tests.acl.people import NOON

CARD = DocumentCard(
    title="Handbook — 手册",
    url="https://wiki.acme.example/handbook",
    mime="text/markdown",
    modified=NOON,
    content_sha256="0" * 64,
    redactions=(("EMAIL_ADDRESS", 2), ("PERSON", 1)),
    signals=("hidden-text",),
)
UNDATED = DocumentCard("", "", "text/plain", None, "", (), ())


@pytest.mark.parametrize("card", [CARD, UNDATED])
def test_a_card_comes_back_as_it_was(card: DocumentCard) -> None:
    written = json.loads(json.dumps(card_to_json(card)))

    assert card == card_from_json(written)


@pytest.mark.parametrize("missing", sorted(card_to_json(CARD)))
def test_a_card_without_a_member_is_refused(missing: str) -> None:
    written = card_to_json(CARD)
    del written[missing]

    with pytest.raises(ValueError, match="not a document card"):
        card_from_json(written)


@pytest.mark.parametrize("changed", sorted(card_to_json(CARD)))
def test_a_card_with_a_number_for_a_member_is_refused(changed: str) -> None:
    with pytest.raises(ValueError, match="not a document card"):
        card_from_json(card_to_json(CARD) | {changed: 7})


def test_every_chunk_has_a_part_of_its_own() -> None:
    assert ["chunk:0", "chunk:1", "chunk:10"] == [chunk_part(number) for number in (0, 1, 10)]
