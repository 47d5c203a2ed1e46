"""
Pseudonyms keep equality and cannot be imitated.
"""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from acl.model.redaction import Finding
from ingestion.redact.pseudonyms import Pseudonymiser, normal_form, quoted_pseudonyms
from ingestion.redact.settings import KINDS, QUOTED_PSEUDONYM

ACME = Pseudonymiser(b"key of acme, at least 16 bytes")
GLOBEX = Pseudonymiser(b"key of globex, at least 16 bytes")

forms = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
kinds = st.sampled_from([kind for kind in KINDS if kind != QUOTED_PSEUDONYM])


def quoted_in(text: str) -> list[str]:
    return [text[one.start : one.end] for one in quoted_pseudonyms(text)]


def test_pseudonym_shows_kind_and_eight_digits() -> None:
    assert "<PERSON_" == ACME.pseudonym("PERSON", "Alice Adams")[:8]
    assert len("<PERSON_3f9a12c4>") == len(ACME.pseudonym("PERSON", "Alice Adams"))


def test_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Pseudonymiser(b"short")


@given(kind=kinds, one=forms, other=forms)
def test_equal_pseudonyms_mean_equal_forms(kind: str, one: str, other: str) -> None:
    """
    Both ways; a collision among so few forms would be news.
    """
    same_form = normal_form(kind, one) == normal_form(kind, other)

    assert same_form == (ACME.pseudonym(kind, one) == ACME.pseudonym(kind, other))


@given(kind=kinds, form=forms)
def test_normal_form_is_normal(kind: str, form: str) -> None:
    once = normal_form(kind, form)

    assert once == normal_form(kind, once)


@given(kind=kinds, other=kinds, form=forms)
def test_kind_and_key_tell_pseudonyms_apart(kind: str, other: str, form: str) -> None:
    assume(kind != other)

    assert ACME.pseudonym(kind, form)[-9:] != ACME.pseudonym(other, form)[-9:]
    assert ACME.pseudonym(kind, form) != GLOBEX.pseudonym(kind, form)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("PERSON", "Alice  Adams", "ALICE\nadams"),
        ("PERSON", "Zoë", "Zoe\u0308"),
        ("PHONE_NUMBER", "(020) 7946-0958", "020 7946 0958"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("IBAN_CODE", "GB82 WEST 1234 5698 7654 32", "gb82west12345698765432"),
        ("US_SSN", "123-45-6789", "123456789"),
    ],
)
def test_spellings_of_one_thing_share_a_pseudonym(kind: str, one: str, other: str) -> None:
    assert ACME.pseudonym(kind, one) == ACME.pseudonym(kind, other)


def test_person_names_keep_their_spaces() -> None:
    assert ACME.pseudonym("PERSON", "Ann Elk") != ACME.pseudonym("PERSON", "Annelk")


@pytest.mark.parametrize(
    "imitation",
    [
        "<PERSON_3f9a12c4>",
        "<person_3F9A12C4>",
        "＜PERSON_3f9a12c4＞",  # noqa: RUF001 - the point
        "<PERSON\u200b_3f9a\u200d12c4>",
        "< PERSON_3f9a12c4 >",
        "[PERSON_3f9a12c4]",
        "PERSON_3f9a12c4",
        "<US_SSN_00000000>",
        "<ＰＥＲＳＯＮ_3f9a12c4>",  # noqa: RUF001 - the point
    ],
)
def test_imitated_pseudonym_is_found(imitation: str) -> None:
    assert [imitation] == quoted_in(f"paid to {imitation}, twice")


@pytest.mark.parametrize(
    "harmless", ["<PERSON_name>", "PERSON_3f9a12c4e5", "<PERSON_3f9a>", "<div_3f9a12c4>", "PERSON"]
)
def test_other_shapes_are_not_pseudonyms(harmless: str) -> None:
    assert [] == quoted_in(harmless)


@given(kind=kinds, form=forms)
def test_quoting_comes_to_rest(kind: str, form: str) -> None:
    """
    A pseudonym read back in becomes a quoted one, and that one stays what it is.
    """
    mark = ACME.pseudonym(kind, form)
    [first] = quoted_pseudonyms(mark)
    quoted = ACME.replace(mark, [first]).text
    [second] = quoted_pseudonyms(quoted)

    assert quoted.startswith("<QUOTED_PSEUDONYM_")
    assert quoted == ACME.replace(quoted, [second]).text


def test_originals_keep_the_first_form() -> None:
    text = "Ann Elk met ANN ELK"
    [ann, again] = [(0, 7), (12, 19)]
    findings = [Finding(*ann, "PERSON", 1.0, "test"), Finding(*again, "PERSON", 1.0, "test")]
    redacted = ACME.replace(text, findings)

    mark = ACME.pseudonym("PERSON", "Ann Elk")
    assert f"{mark} met {mark}" == redacted.text
    assert ((mark, "Ann Elk"),) == redacted.originals
