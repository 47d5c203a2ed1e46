"""
`readership explain`: why a reader may or may not read a document, now or in the past. Works on
a data directory, with or without a running service.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from acl.errors import ConfigurationError
from acl.model.identifiers import Epoch
from acl.settings import Configuration
from acl.wiring import open_ground
from retrieval.explain import Explainer, Person, When
from retrieval.wiring import build_explainer


@contextmanager
def explainer(configuration: Configuration) -> Iterator[Explainer]:
    """
    Open the data directory for explaining.
    """
    ground = open_ground(configuration, may_write=False)
    try:
        yield build_explainer(ground)
    finally:
        ground.close()


def person(
    configuration: Configuration,
    subject: str,
    *,
    issuer: str | None,
    client: str | None,
    assurance: str | None,
) -> Person:
    """
    Return whose reading is explained.

    Raises:
        ConfigurationError: The issuer is not configured, or several are and none is named.
    """
    known = [one.issuer for one in configuration.settings.issuers]
    if issuer is None and len(known) == 1:
        issuer = known[0]
    if issuer not in known:
        listed = ", ".join(known) or "none"
        msg = f"name the reader's issuer with --issuer; configured: {listed}"
        raise ConfigurationError(msg)
    return Person(issuer, subject, client or "", assurance)


def point_in_time(text: str | None) -> When | None:
    """
    Read an epoch, or a time; one without a zone is UTC.

    Raises:
        ConfigurationError: It is neither.
    """
    if text is None:
        return None
    if text.isdecimal():
        return Epoch(int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{text!r} is neither an epoch nor a time such as 2027-01-31T12:00:00Z"
        raise ConfigurationError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
