"""
The configuration of one source of documents.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from acl.settings_labels import LabelRuleSettings
from acl.settings_values import Duration, HttpsAddress, Label, Name, Section


class SourceSettings(Section):
    """
    One source of documents and their permissions.
    """

    name: Name
    kind: Literal["exchange"] = "exchange"
    path: Path | None = None
    """The exchange-format folder, relative to the configuration file; none if all is pushed."""

    authority: Name
    """The namespace of the principals that the source names."""

    interval: Duration = timedelta(minutes=15)
    """How often a worker syncs it."""

    staleness: Duration = timedelta(hours=1)
    """Permissions older than this are not trusted: the source then goes dark."""

    label: Label | None = None
    """The label of documents that state none. Default: the most sensitive one of `[labels]`."""

    label_rules: list[LabelRuleSettings] = Field(default=[])
    """Labels by document id, for documents that state none; the first that matches counts."""

    push_clients: list[Annotated[str, Field(min_length=1)]] = Field(default=[])
    """OAuth clients that may push to this source."""

    push_issuer: HttpsAddress | None = None
    """Whose clients they are; may be left out where one issuer is configured."""

    @model_validator(mode="after")
    def _from_somewhere(self) -> "SourceSettings":
        if self.path is None and not self.push_clients:
            msg = "a source needs a path, or push_clients"
            raise ValueError(msg)
        return self


def require_known_pushers(sources: Iterable[SourceSettings], issuers: set[str]) -> None:
    """
    Refuse push clients of which it is not clear whose they are: names are an issuer's own.

    Raises:
        ValueError: The message says what to change.
    """
    for one in sources:
        if one.push_issuer is not None and one.push_issuer not in issuers:
            msg = f"source {one.name}: push_issuer {one.push_issuer} is not configured"
            raise ValueError(msg)
        if one.push_clients and one.push_issuer is None and len(issuers) > 1:
            msg = (
                f"source {one.name}: several issuers are configured, so push_issuer says whose "
                "clients push_clients are"
            )
            raise ValueError(msg)
