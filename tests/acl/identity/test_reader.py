"""
A verified reader comes from a verified token, and from nothing else.
"""

import copy
import pickle  # noqa: TID251 - that it does not work is what is tested
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from acl.identity.reader import VerifiedReader, VerifyingRight
from tests.acl.identity.issuers import Issuer, trusted, verifier
from tests.acl.identity.readers import proven

pytestmark = pytest.mark.promise("reader-unforgeable")

ISSUER = Issuer("ES256")


def genuine() -> VerifiedReader:
    return verifier(trusted(ISSUER)).verify(ISSUER.token())


def members(reader: VerifiedReader) -> dict[str, Any]:
    return {one.name: getattr(reader, one.name) for one in fields(reader)}


@pytest.mark.parametrize("right", [None, True, object(), VerifyingRight, VerifyingRight()])
def test_nobody_without_the_right_makes_a_reader(right: Any) -> None:  # noqa: ANN401
    with pytest.raises(PermissionError):
        VerifiedReader(**members(genuine()), right=right)


@pytest.mark.parametrize(
    "forge",
    [
        lambda one: replace(one, subject="bob"),
        lambda one: replace(one, scopes=frozenset({"rag.admin"})),
        copy.copy,
        copy.deepcopy,
        lambda one: pickle.loads(pickle.dumps(one)),  # noqa: S301
    ],
)
def test_a_reader_is_not_copied_into_another(forge: Callable[[VerifiedReader], object]) -> None:
    with pytest.raises((PermissionError, TypeError)):
        forge(genuine())


def test_what_was_verified_cannot_be_changed_afterwards() -> None:
    reader = genuine()

    with pytest.raises(TypeError):
        reader.claims["sub"] = "bob"  # type: ignore[index]
    with pytest.raises(AttributeError):
        reader.subject = "bob"  # type: ignore[misc]


def test_with_the_right_the_same_members_make_a_reader() -> None:
    """
    The control: nothing but the right is missing above.
    """
    assert "alice" == proven(**members(genuine()) | {"subject": "alice"}).subject


def test_a_reader_shows_no_claims() -> None:
    """
    They are personal data, and representations end in logs.
    """
    reader = proven(claims={"sub": "alice", "email": "alice@acme.example"})

    assert "email" not in repr(reader)
    assert "alice@" not in repr(reader)
