"""
A reader is who the configured links say, byte for byte, and otherwise nobody.
"""

import pytest

from acl.identity.linking import IdentityLink, link, linked_principals
from acl.model.identifiers import AuthorityId
from tests.acl.identity.issuers import ISSUER, OTHER_ISSUER, Issuer, trusted, verifier
from tests.acl.people import ACME, ALICE, CORP, GLOBEX, WIKI, user

BY_SUBJECT = IdentityLink(ISSUER, "sub", CORP)
BY_EMAIL = IdentityLink(ISSUER, "email", WIKI)


def test_a_link_makes_a_claim_a_principal() -> None:
    reader = verifier(trusted(Issuer("ES256"))).verify(Issuer("ES256").token())

    assert {ALICE} == link(reader, [BY_SUBJECT], ACME)
    assert {user("alice", tenant=GLOBEX)} == link(reader, [BY_SUBJECT], GLOBEX)


def test_every_link_that_applies_counts() -> None:
    claims = {"sub": "alice", "email": "alice@acme.example"}

    assert {ALICE, user("alice@acme.example", authority=WIKI)} == linked_principals(
        ISSUER, claims, [BY_SUBJECT, BY_EMAIL], ACME
    )


def test_another_issuers_subject_is_nobody() -> None:
    """
    The same `sub` elsewhere is somebody else.
    """
    assert frozenset() == linked_principals(OTHER_ISSUER, {"sub": "alice"}, [BY_SUBJECT], ACME)
    assert frozenset() == linked_principals(ISSUER + "/", {"sub": "alice"}, [BY_SUBJECT], ACME)


def test_an_email_is_nobody_unless_the_operator_links_it() -> None:
    claims = {"sub": "a1", "email": "alice"}

    assert ALICE not in linked_principals(ISSUER, claims, [BY_SUBJECT], ACME)


@pytest.mark.parametrize(
    "value", [None, 7, True, ["alice"], {"id": "alice"}, "", "ali\0ce", "\ud800", "a" * 513]
)
def test_a_claim_that_is_no_id_is_nobody(value: object) -> None:
    assert frozenset() == linked_principals(ISSUER, {"sub": value}, [BY_SUBJECT], ACME)


@pytest.mark.parametrize("value", ["Alice", "alice ", "ALICE", "\uff41lice", "alice@acme.example"])
def test_a_claim_is_taken_byte_for_byte(value: str) -> None:
    assert {user(value)} == linked_principals(ISSUER, {"sub": value}, [BY_SUBJECT], ACME)


@pytest.mark.parametrize("value", ["everyone", "group:corp/eng", "user:corp/bob"])
def test_a_claim_that_reads_like_a_principal_is_a_users_id(value: str) -> None:
    links = [IdentityLink(ISSUER, "sub", AuthorityId("corp"))]

    assert {user(value)} == linked_principals(ISSUER, {"sub": value}, links, ACME)
