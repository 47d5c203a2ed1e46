"""
Principals are compared byte for byte, and refused if they are not quite one.
"""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.identifiers import AuthorityId
from acl.model.principals import (
    MAX_ID_BYTES,
    Principal,
    PrincipalKind,
    everyone,
    parse_principal,
)
from tests.acl.people import ACME, ALICE, CORP, EVERYONE, GLOBEX, WIKI, group, user
from tests.properties.effort import tries

names = st.text(
    st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12
) | st.sampled_from(
    ["alice", "İstanbul", "straße", "Ångström", "file", "admins", "a.b+c@x.example"]
)

SAMPLE = "Aa\u00e9e\u0301\ufb01@"
"""
Holds something for every change below to change.
"""

LOOK_ALIKES: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "lower case": str.lower,
    "case folded": str.casefold,
    "composed": lambda name: unicodedata.normalize("NFC", name),
    "decomposed": lambda name: unicodedata.normalize("NFD", name),
    "compatible": lambda name: unicodedata.normalize("NFKC", name),
    "space before": lambda name: " " + name,
    "space after": lambda name: name + " ",
    "dot after": lambda name: name + ".",
    "tagged": lambda name: name.replace("@", "+tag@"),
    "Cyrillic a": lambda name: name.replace("a", "\u0430"),
    "full width": lambda name: name.replace("a", "\uff41"),
    "zero-width joiner": lambda name: name + "\u200d",
    "invisible tag": lambda name: name + "\U000e0061",
}


@pytest.mark.parametrize("change", sorted(LOOK_ALIKES))
@given(name=names)
@tries(60)
def test_look_alikes_are_different_people(change: str, name: str) -> None:
    """
    Two spellings are two principals, however alike they look.
    """
    name = SAMPLE + name
    other = LOOK_ALIKES[change](name)

    assert user(name) != user(other)
    assert 2 == len({user(name), user(other)})


@given(name=names)
@tries(200)
def test_an_id_is_kept_as_it_was_written(name: str) -> None:
    assert name == user(name).id
    assert name == parse_principal(f"user:corp/{name}", tenant=ACME, authority=WIKI).id


@pytest.mark.promise("exact-ids")
@pytest.mark.parametrize("written", [" alice", "alice ", "Alice", "ALICE", "alice\u00a0", "a lice"])
def test_what_is_around_an_id_belongs_to_it(written: str) -> None:
    """
    As sources write it, nothing is trimmed or folded: it would become somebody else's id.
    """
    for text in (f"user:{written}", f"user:corp/{written}"):
        assert written == parse_principal(text, tenant=ACME, authority=CORP).id


def test_equal_ids_of_different_owners_are_different_people() -> None:
    """
    Authority, kind and tenant each tell apart.
    """
    alikes = {
        ALICE,
        user("alice", authority=WIKI),
        group("alice"),
        user("alice", tenant=GLOBEX),
        Principal(ACME, CORP, PrincipalKind.DOMAIN, "alice"),
    }

    assert 5 == len(alikes)


def test_everyone_belongs_to_a_tenant() -> None:
    assert everyone(ACME) != everyone(GLOBEX)
    assert "everyone" == str(EVERYONE)


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("corp", ""),
        ("", "alice"),
        ("corp", "a" * (MAX_ID_BYTES + 1)),
        ("corp", "\u00e9" * (MAX_ID_BYTES // 2 + 1)),
        ("corp", "al\0ice"),
        ("corp", "alice\n"),
        ("corp", "alice\x7f"),
        ("corp", "alice\x9f"),
        ("corp", "\ud800"),
        ("co\trp", "alice"),
        ("\udfff", "alice"),
    ],
)
def test_what_is_not_an_id_is_refused(authority: str, name: str) -> None:
    """
    Empty, too long in bytes, with control characters, or not Unicode.
    """
    with pytest.raises(ValueError, match=r"a principal's (id|authority)"):
        Principal(ACME, AuthorityId(authority), PrincipalKind.USER, name)


def test_the_longest_id_is_accepted() -> None:
    assert MAX_ID_BYTES == len(user("a" * MAX_ID_BYTES).id)


@pytest.mark.parametrize(("authority", "name"), [("corp", ""), ("", "x"), ("corp", "x")])
def test_everyone_with_a_name_is_refused(authority: str, name: str) -> None:
    with pytest.raises(ValueError, match="neither authority nor id"):
        Principal(ACME, AuthorityId(authority), PrincipalKind.EVERYONE, name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user:alice", ALICE),
        ("user:wiki/alice", user("alice", authority=WIKI)),
        ("group:corp/eng/platform", group("eng/platform")),
        ("user:a:b", user("a:b")),
        ("domain:acme.example", Principal(ACME, CORP, PrincipalKind.DOMAIN, "acme.example")),
        ("everyone", EVERYONE),
    ],
)
def test_the_exchange_spelling_is_read(text: str, expected: Principal) -> None:
    assert expected == parse_principal(text, tenant=ACME, authority=CORP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "user",
        "user:",
        "user:/alice",
        "user:corp/",
        "User:alice",
        "user :alice",
        " user:alice",
        "role:admin",
        "everyone:",
        "everyone:x",
        "everyone/x",
        "Everyone",
        "everyone ",
        "user:ali\0ce",
        None,
        7,
        ["user:alice"],
        {"user": "alice"},
    ],
)
def test_what_is_not_a_principal_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="principal"):
        parse_principal(text, tenant=ACME, authority=CORP)
