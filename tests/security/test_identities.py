"""
Two spellings are two identities, from the token to the index, however alike they look.
"""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations, product
from typing import Final

import pytest

from acl.identity.linking import IdentityLink, linked_principals
from acl.keys.acl_seal import AclSealer
from acl.keys.naming import Namer
from acl.model.documents import DocumentPermission, DocumentState
from acl.model.encoding import encode
from acl.model.identifiers import AuthorityId, DocumentId, ReadershipDigest, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind, parse_principal
from acl.registry.database import migrate, open_database
from acl.registry.permissions import PermissionRegistry
from acl.registry.writing import RegistryWriter
from tests.acl.people import ACME, CORP, HANDBOOK, NOON, group, readable_by, user
from tests.acl.registry.registries import every_source
from tests.scenarios.places import fast_place

pytestmark = pytest.mark.promise("identity-exact")

LEAST_PAIRS: Final = 10_000
NAMES: Final = (
    "alice",
    "Ångström",
    "straße",
    "İstanbul",
    "o'brien",
    "eng/platform",
    "a.b+c@acme.example",
    "S-1-5-21-3623811015-1001",
    "CN=Kim,OU=Eng,DC=acme",
    "00u1a2b3",
    "élève",
    "наташа",
    "用户",
    "café@acme.example",
    "fi",
    "ﬁ",
    "ǆ",
    "K",
    "user:alice",
    "corp/alice",
    "alice|bob",
    "1234567",
    "null",
    "everyone",
    "Aoife.O'Neill@globex.example",
    "service-account-7@build.acme.example",
    "Site Owners",
    "SharingLinks.f1.Flexible.a",
    "c:0o.c|federateddirectoryclaimprovider|9f",
    "i:0#.f|membership|alice@acme.example",
    "jürgen.groß@acme.example",
    "zoë",
    "naïve.coöperation",
    "Đorđe",
    "okta:00g5x8k2",
    "https://idp.acme.example/people/alice",
    "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "ACME\\alice",
    "alice@ACME.EXAMPLE",
    "Office of the CFO",
    "palo.alto/oncall",
    "collin",
    "oolong-pipeline@acme.example",
)
CYRILLIC: Final = str.maketrans("aeopcx", "\u0430\u0435\u043e\u0440\u0441\u0445")
GREEK: Final = str.maketrans("aoi", "\u03b1\u03bf\u03b9")
CHANGES: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "case folded": str.casefold,
    "NFC": lambda one: unicodedata.normalize("NFC", one),
    "NFD": lambda one: unicodedata.normalize("NFD", one),
    "NFKC": lambda one: unicodedata.normalize("NFKC", one),
    "NFKD": lambda one: unicodedata.normalize("NFKD", one),
    "dot after": lambda one: f"{one}.",
    "dot before": lambda one: f".{one}",
    "space after": lambda one: f"{one} ",
    "space before": lambda one: f" {one}",
    "no-break space after": lambda one: f"{one}\u00a0",
    "plus tag": lambda one: one.replace("@", "+x@") if "@" in one else f"{one}+x",
    "other domain": lambda one: f"{one}@acme.example",
    "Cyrillic": lambda one: one.translate(
        str.maketrans("aeopcx", "\u0430\u0435\u043e\u0440\u0441\u0445")
    ),
    "Greek": lambda one: one.translate(str.maketrans("aoi", "\u03b1\u03bf\u03b9")),
    "full width": lambda one: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in one),
    "zero-width joiner": lambda one: f"{one}\u200d",
    "zero-width space": lambda one: f"{one[:1]}\u200b{one[1:]}",
    "right-to-left mark": lambda one: f"\u200f{one}",
    "variation selector": lambda one: f"{one}\ufe0f",
    "tag character": lambda one: f"{one}\U000e0061",
    "combining mark": lambda one: f"{one}\u0301",
    "soft hyphen": lambda one: f"{one[:1]}\u00ad{one[1:]}",
    "dotless i": lambda one: one.replace("i", "\u0131"),
    "zero for o": lambda one: one.replace("o", "0"),
    "one for l": lambda one: one.replace("l", "1"),
    "percent encoded": lambda one: one.replace("/", "%2F").replace("@", "%40"),
    "quoted": lambda one: f'"{one}"',
    "slash after": lambda one: f"{one}/",
    "backslash": lambda one: f"acme\\{one}",
    "twice": lambda one: one + one,
}


def pairs() -> list[tuple[str, str]]:
    """
    Return every two different spellings of every name.
    """
    return [
        pair
        for name in NAMES
        for pair in combinations(dict.fromkeys(change(name) for change in CHANGES.values()), 2)
    ]


def spellings() -> list[str]:
    return sorted({change(name) for name, change in product(NAMES, CHANGES.values())})


def collisions(made_from: Callable[[str], object]) -> list[tuple[str, str]]:
    """
    Return the pairs of which both become the same.
    """
    made = {one: made_from(one) for one in spellings()}
    return [(one, other) for one, other in pairs() if made[one] == made[other]]


def test_there_are_enough_pairs() -> None:
    found = pairs()

    assert len(found) >= LEAST_PAIRS
    assert all(one != other for one, other in found)


NAMER: Final = Namer(ACME, b"n" * 32)
LINK: Final = IdentityLink("https://idp.acme.example", "sub", CORP)
MADE: Final[dict[str, Callable[[str], object]]] = {
    "principal": user,
    "principal's text": lambda one: str(user(one)),
    "parsed principal": lambda one: parse_principal(
        f"group:corp/{one}", tenant=ACME, authority=CORP
    ),
    "authority": lambda one: Principal(ACME, AuthorityId(one), PrincipalKind.USER, "x"),
    "linked principal": lambda one: linked_principals(LINK.issuer, {"sub": one}, [LINK], ACME),
    "canonical ACL": lambda one: readable_by(user(one)).canonical(),
    "ACL digest": lambda one: readable_by(group(one)).digest(),
    "readership key": lambda one: NAMER.readership(readable_by(user(one)).digest(), "internal"),
    "document key": lambda one: NAMER.document(HANDBOOK, DocumentId(one)),
    "document key by source": lambda one: NAMER.document(SourceName(one), DocumentId("x")),
    "document key by tenant": lambda one: Namer(TenantId(one), b"n" * 32).document(
        HANDBOOK, DocumentId("x")
    ),
    "source's name": lambda one: NAMER.source(SourceName(one)),
    "encoding": encode,
    "encoded pair": lambda one: encode([one, "x"]),
    "seal": lambda one: AclSealer(ACME, b"s" * 32).sealed(statement(one)).seal,
}


def statement(document: str) -> DocumentPermission:
    digest = ReadershipDigest("0" * 64)
    named = DocumentId(document)
    key = NAMER.document(HANDBOOK, DocumentId("x"))
    return DocumentPermission(
        key, HANDBOOK, named, DocumentState.LIVE, 1, 1, digest, "internal", b""
    )


@pytest.mark.parametrize("what", sorted(MADE))
def test_no_two_spellings_become_one(what: str) -> None:
    """
    Ten thousand pairs, no collision.
    """
    assert [] == collisions(MADE[what])


def test_a_comparison_that_folds_case_would_be_noticed() -> None:
    """
    The control: every usual way of being kind to spellings merges people.
    """
    for kind in (str.casefold, str.strip, lambda one: unicodedata.normalize("NFKC", one)):
        assert collisions(kind)


def split(text: str) -> Iterable[list[str]]:
    return ([text[:at], text[at:]] for at in range(len(text) + 1))


def test_where_a_name_is_cut_is_part_of_it() -> None:
    """
    ("a", "bc") and ("ab", "c") differ, and so do a list, a list in a list, and a number.
    """
    encoded = [encode(parts) for name in NAMES for parts in split(name)]
    shapes = [encode(one) for one in ("1", 1, b"1", ["1"], [["1"]], ["1", None], [], "", None)]

    assert len(encoded) == len(set(encoded))
    assert len(shapes) == len(set(shapes))


def test_issuer_and_claim_are_part_of_who_somebody_is() -> None:
    """
    The same subject of another issuer, or in another claim, is linked to nobody.
    """
    other = replace(LINK, issuer="https://IDP.acme.example")

    assert frozenset({user("alice")}) == linked_principals(
        LINK.issuer, {"sub": "alice"}, [LINK], ACME
    )
    assert frozenset() == linked_principals(LINK.issuer, {"sub": "alice"}, [other], ACME)
    assert frozenset() == linked_principals(LINK.issuer, {"Sub": "alice"}, [LINK], ACME)


def test_the_registry_keeps_every_spelling_apart() -> None:
    """
    No collation folds, trims or composes: every group comes back with exactly its own member.
    """
    defined = {group(one): frozenset({user(one)}) for one in spellings()}
    with fast_place() as place:
        url = f"sqlite:///{place / 'registry.db'}"
        migrate(url)
        database = open_database(url, may_write=True)
        sealer = AclSealer(ACME, b"s" * 32)
        writer = RegistryWriter(database, ACME, NAMER, sealer)
        writer.register_source(HANDBOOK, CORP)
        writer.apply_permissions(HANDBOOK, [], defined, now=NOON)
        view, _ = PermissionRegistry(database, ACME, NAMER, sealer, every_source).current()
        database.close()

    assert defined == dict(view.directory.definitions)
    for one in spellings()[::7]:
        assert {group(one), user(one)} == {
            held for held in view.directory.standing_of([user(one)]).principals if held.id
        }
