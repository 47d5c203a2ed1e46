"""
The configuration of where things are kept: registry, index and keys.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from acl.index.dense_rows import PLACES
from acl.registry.address import registry_address
from acl.settings_values import Section


class RegistrySettings(Section):
    """
    Where documents, permissions and sealed text are recorded.
    """

    url: Annotated[str, AfterValidator(registry_address)] = "sqlite:///registry.db"
    """A SQLite path is relative to the data directory. Otherwise postgresql://, no password."""

    password_file: Path | None = None
    """The password of PostgreSQL's role; relative to the configuration file."""

    @model_validator(mode="after")
    def _password_has_a_use(self) -> "RegistrySettings":
        if self.password_file is not None and self.url.startswith("sqlite:"):
            msg = "password_file is for PostgreSQL; remove it, or name a postgresql:// address"
            raise ValueError(msg)
        return self


class IndexSettings(Section):
    """
    Where vectors are kept.
    """

    engine: Literal["edge"] = "edge"
    """The embedded engine, in a process of its own."""

    candidates: int = Field(default=100, ge=10, le=1_000)
    """How many chunks each leg of a search brings to the fusion."""

    scanned_chunks: int = Field(default=PLACES, ge=0, le=2_000_000)
    """For how many chunks the engine keeps vectors in memory; if there are more, for none."""


class KeySettings(Section):
    """
    Who holds the key-encryption keys.
    """

    provider: Literal["file"] = "file"
    """Files below the data directory."""
