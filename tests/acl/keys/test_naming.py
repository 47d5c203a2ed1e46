"""
Names in the index tell nothing, collide with nothing, and differ between tenants.
"""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.keys.naming import Namer
from acl.model.identifiers import DocumentId, DocumentKey, SourceName
from tests.acl.people import ACME, ALICE, GLOBEX, HANDBOOK, readable_by
from tests.properties.effort import tries

NAMER = Namer(ACME, b"n" * 32)
DIGEST = readable_by(ALICE).digest()
DOCUMENT = NAMER.document(HANDBOOK, DocumentId("payroll"))

short = st.text("ab", max_size=3)


@given(one=st.tuples(short, short), other=st.tuples(short, short))
@tries(200)
def test_documents_have_names_of_their_own(one: tuple[str, str], other: tuple[str, str]) -> None:
    def name(pair: tuple[str, str]) -> DocumentKey:
        return NAMER.document(SourceName(pair[0]), DocumentId(pair[1]))

    assert (one == other) is (name(one) == name(other))


@pytest.mark.parametrize("between", ["", "/", ":", "\x1f", "\0", ","])
def test_parts_of_a_name_do_not_run_together(between: str) -> None:
    """
    Whatever somebody might join them with, source and document keep their border.
    """
    one = NAMER.document(SourceName(f"a{between}b"), DocumentId("c"))
    other = NAMER.document(SourceName("a"), DocumentId(f"b{between}c"))

    assert one != other


def test_a_name_is_stable_and_has_its_form() -> None:
    assert NAMER.document(HANDBOOK, DocumentId("payroll")) == DOCUMENT
    assert 32 == len(DOCUMENT) == len(NAMER.source(HANDBOOK))
    assert 0 < NAMER.readership(DIGEST, "internal") < 2**63
    assert 5 == uuid.UUID(NAMER.chunk(DOCUMENT, 1, 0)).version
    assert 0 <= NAMER.term("salary") < 2**32


def test_chunks_have_names_of_their_own() -> None:
    named = {NAMER.chunk(DOCUMENT, r, o) for r in range(12) for o in range(12)}

    assert 144 == len(named)


def test_another_tenant_and_another_key_name_everything_differently() -> None:
    for stranger in (Namer(GLOBEX, b"n" * 32), Namer(ACME, b"m" * 32)):
        assert stranger.document(HANDBOOK, DocumentId("payroll")) != DOCUMENT
        assert stranger.readership(DIGEST, "x") != NAMER.readership(DIGEST, "x")
        assert stranger.source(HANDBOOK) != NAMER.source(HANDBOOK)
        assert stranger.chunk(DOCUMENT, 1, 0) != NAMER.chunk(DOCUMENT, 1, 0)
        assert stranger.term("salary") != NAMER.term("salary")


def test_a_readership_with_another_label_has_another_name() -> None:
    assert NAMER.readership(DIGEST, "internal") != NAMER.readership(DIGEST, "secret")


def test_kinds_do_not_share_names() -> None:
    source = int(NAMER.source(SourceName(DIGEST))[:16], 16) >> 1

    assert NAMER.readership(DIGEST, "") != source
