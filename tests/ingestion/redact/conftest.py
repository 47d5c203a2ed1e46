"""
The real redactor, loaded once: six seconds and half a gigabyte.
"""

import pytest

from acl.model.redaction import Redactor

KEY = b"a tenant's pseudonym key, 32 B.."


@pytest.fixture(scope="session")
def redactor() -> Redactor:
    pytest.importorskip("presidio_analyzer", reason="needs the extra 'pii'")
    from ingestion.redact.presidio import PresidioRedactor  # noqa: PLC0415 - models only

    return PresidioRedactor(KEY)
