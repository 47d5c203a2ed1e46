"""
The seal over a document's permission covers every field of it.
"""

from dataclasses import fields, replace

import pytest

from acl.keys.acl_seal import AclSealer
from acl.keys.errors import SealBrokenError
from acl.model.documents import DocumentPermission, DocumentState
from acl.model.identifiers import DocumentId, DocumentKey, ReadershipDigest, SourceName
from tests.acl.people import ACME, ALICE, BOB, GLOBEX, HANDBOOK, INTRANET, readable_by

pytestmark = pytest.mark.promise("acl-seal")

SEALER = AclSealer(ACME, b"s" * 32)
STATEMENT = SEALER.sealed(
    DocumentPermission(
        key=DocumentKey("a" * 32),
        source=HANDBOOK,
        document=DocumentId("payroll"),
        state=DocumentState.LIVE,
        revision=3,
        acl_revision=7,
        readership=readable_by(ALICE).digest(),
        label="internal",
        seal=b"",
    )
)
EDITS: dict[str, list[object]] = {
    "key": [DocumentKey("b" * 32), ""],
    "source": [INTRANET, ""],
    "document": [DocumentId("menu"), DocumentId("payroll ")],
    "state": [DocumentState.HIDDEN, DocumentState.REMOVED],
    "revision": [2, 4, 30],
    "acl_revision": [6, 8, 70],
    "readership": [readable_by(BOB).digest(), None, ReadershipDigest("")],
    "label": ["public", ""],
    "seal": [b"", b"\0" * 32, STATEMENT.seal[:-1], STATEMENT.seal + b"\0"],
}


def test_a_sealed_statement_holds() -> None:
    SEALER.verify(STATEMENT)


def test_every_field_is_edited_below() -> None:
    assert {one.name for one in fields(DocumentPermission)} == set(EDITS)


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in EDITS.items() for value in values]
)
def test_an_edited_field_breaks_the_seal(field: str, value: object) -> None:
    with pytest.raises(SealBrokenError):
        SEALER.verify(replace(STATEMENT, **{field: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize("stranger", [AclSealer(GLOBEX, b"s" * 32), AclSealer(ACME, b"t" * 32)])
def test_another_tenants_or_keys_seal_does_not_hold(stranger: AclSealer) -> None:
    with pytest.raises(SealBrokenError):
        stranger.verify(STATEMENT)


def test_neighbouring_fields_do_not_run_together() -> None:
    """
    A character moved from the source's name to the document's is noticed.
    """
    moved = replace(STATEMENT, source=SourceName(HANDBOOK[:-1]), document=DocumentId("kpayroll"))

    with pytest.raises(SealBrokenError):
        SEALER.verify(moved)
