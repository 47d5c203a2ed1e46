"""
Which addresses of a registry are accepted, and what they mean for a connection.

An address of PostgreSQL never holds a password. What may stand after the question mark is a
short list: libpq would take anything there, also a password, other hosts, or the session's
settings.
"""

import re
from typing import Final

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

SCHEME: Final = "postgresql://"
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
TLS_MODES: Final = ("disable", "require", "verify-ca", "verify-full")
"""
`allow` and `prefer` are missing: they look like protection, and anybody on the way can refuse it.
"""

_FILES: Final = ("sslrootcert", "sslcert", "sslkey")
_KEYS: Final = frozenset({"host", "sslmode", *_FILES})
_INLINE: Final = (
    "registry.url holds a password; take it out, write it into a file of mode 600 and name "
    "that in registry.password_file, or use PGPASSFILE"
)
CONNECT_SECONDS: Final = 10
_LIMITS: Final[dict[str, int]] = {
    "connect_timeout": CONNECT_SECONDS,
    # A server that vanished is noticed, also in the middle of a statement.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


def registry_address(url: str) -> str:
    """
    Return an address that is understood and safe to write down; refuse any other.

    Raises:
        ValueError: The message says what to change. It never repeats the address.
    """
    if re.fullmatch(r"sqlite:///[^:]+", url) is None:
        _require_postgres(_parsed(url))
    return url


def _require_postgres(address: URL) -> None:
    if address.password is not None or "password" in address.query:
        raise ValueError(_INLINE)
    if unknown := sorted(set(address.query) - _KEYS):
        msg = f"registry.url has {', '.join(unknown)} after '?'; known are {sorted(_KEYS)}"
        raise ValueError(msg)
    if not address.username or not address.database:
        msg = f"registry.url names no user or no database; write {SCHEME}USER@HOST:PORT/DATABASE"
        raise ValueError(msg)
    if any(not isinstance(value, str) for value in address.query.values()):
        msg = "registry.url says something twice after '?'; one host, one of each"
        raise ValueError(msg)
    _require_host(address)
    if (mode := address.query.get("sslmode", "verify-full")) not in TLS_MODES:
        msg = f"registry.url has an unknown sslmode; choose among {list(TLS_MODES)}"
        raise ValueError(msg)
    if mode == "disable" and address.query.keys() & set(_FILES):
        msg = "registry.url names certificates and switches TLS off; remove one of them"
        raise ValueError(msg)


def connection_parameters(address: URL) -> dict[str, str | int]:
    """
    Return what libpq is told beside user, host, port and database.
    """
    stated = {name: str(value) for name, value in address.query.items()}
    socket = stated.get("host")
    if socket is None and address.host not in LOOPBACK:
        # Whoever can pretend to be the registry can say who is in which group.
        stated.setdefault("sslmode", "verify-full")
    return (
        stated
        | _LIMITS
        | {"target_session_attrs": "primary", "client_encoding": "utf8"}
        | {"application_name": "readership"}
    )


def _require_host(address: URL) -> None:
    socket = str(address.query.get("host", ""))
    if bool(address.host) == bool(socket):
        msg = "registry.url names one host, or the directory of a Unix socket as ?host=/DIRECTORY"
        raise ValueError(msg)
    if socket and not socket.startswith("/"):
        msg = "registry.url: after '?', host is the directory of a Unix socket and begins with /"
        raise ValueError(msg)
    if "," in (address.host or "") + socket:
        msg = "registry.url names several hosts; name the one that is always the primary"
        raise ValueError(msg)


def _parsed(url: str) -> URL:
    # Without the cause: it might repeat the address, and with it a password.
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        msg = f"registry.url cannot be read; write {SCHEME}USER@HOST:PORT/DATABASE"
        raise ValueError(msg) from None
    if address.drivername != "postgresql":
        msg = f"a registry is sqlite:///FILE or {SCHEME}USER@HOST:PORT/DATABASE"
        raise ValueError(msg)
    return address
