"""
The configuration of limits, and of the numbers that operators watch.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from acl.settings_values import Duration, Section

MEMORY: Final = "memory://"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
SOCKETS: Final = frozenset({"redis+unix", "valkey+unix"})
PLAIN: Final = frozenset({"redis", "valkey"})
OVER_TLS: Final = frozenset({"rediss", "valkeys"})
MOST: Final = 1_000_000_000_000


def _storage(address: str) -> str:
    if address == MEMORY:
        return address
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        msg = "a storage is memory://, or redis://, rediss://, valkey:// or valkeys://HOST:PORT/DB"
        raise ValueError(msg) from error
    if parts.password is not None:
        msg = "the address holds a password; put it into password_file"
        raise ValueError(msg)
    if parts.query or parts.fragment or parts.scheme not in SOCKETS | PLAIN | OVER_TLS:
        msg = "a storage is memory://, or redis://, rediss://, valkey:// or valkeys://HOST:PORT/DB"
        raise ValueError(msg)
    if parts.scheme in PLAIN and parts.hostname not in LOOPBACK:
        msg = "without TLS a storage is on this machine; use rediss:// or valkeys://"
        raise ValueError(msg)
    return address


class LimitSettings(Section):
    """
    How much one reader may carry away through one client in a window.
    """

    window: Duration = timedelta(minutes=10)
    """How long a window is."""

    requests: int = Field(default=300, ge=1, le=MOST)
    """The most requests, whatever comes of them."""

    passages: int = Field(default=2_000, ge=1, le=MOST)
    """The most passages; a document that is fetched whole is one."""

    documents: int = Field(default=300, ge=1, le=MOST)
    """The most distinct documents that passages are from."""

    bytes: int = Field(default=4_000_000, ge=1, le=MOST)
    """The most bytes of text and titles."""

    storage: Annotated[str, AfterValidator(_storage)] = MEMORY
    """Where it is counted: `memory://` in this process, or a Redis or Valkey for several."""

    password_file: Path | None = None
    """The password of the storage; relative to the configuration file."""

    @model_validator(mode="after")
    def _bounded(self) -> "LimitSettings":
        if not timedelta(seconds=1) <= self.window <= timedelta(days=1):
            msg = "window is at least 1s and at most 24h"
            raise ValueError(msg)
        if self.password_file is not None and self.storage == MEMORY:
            msg = "password_file is for Redis and Valkey; remove it, or name such a storage"
            raise ValueError(msg)
        return self


class MetricsSettings(Section):
    """
    Where the numbers for operators are served.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    """The address to listen on; whoever reaches it reads them."""

    port: int = Field(default=9464, ge=0, le=65535)
    """The port; 0 serves none."""
