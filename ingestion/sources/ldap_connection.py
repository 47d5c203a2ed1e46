"""
LDAP through `ldap3`: TLS, pages, and nothing but whole answers. Its names stop here.

TLS is the standard library's, with its own checks of certificate and host. Referrals are not
followed and refuse the answer: part of what was asked for is elsewhere.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from ldap3 import BASE, DEREF_NEVER, NONE, SIMPLE, SUBTREE, SYNC, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from pyasn1.error import PyAsn1Error

from acl.errors import InputError
from ingestion.sources.ldap_search import Entry

PAGED: Final = "1.2.840.113556.1.4.319"
SUCCESS: Final = 0
NO_SUCH_OBJECT: Final = 32
MAX_ENTRIES: Final = 2_000_000
ANYTHING: Final = "(objectClass=*)"
NO_ATTRIBUTES: Final = "1.1"


@dataclass(frozen=True, slots=True)
class LdapAddress:
    """
    Which server, and how to be sure that it is that one.
    """

    url: str
    start_tls: bool
    ca_file: Path | None
    bind_dn: str
    password: str
    page: int
    timeout: timedelta


class _StandardTls(Tls):  # type: ignore[misc]  # ldap3 has no types
    """
    TLS by the standard library's defaults, whose checks ldap3 would replace by its own.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context, self._host = context, host

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002 - as ldap3 has it
        """
        Begin TLS; raises what the standard library raises.
        """
        del do_handshake
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)


class LdapSearch:
    """
    Asks one server over one connection. Made by `connected`.
    """

    def __init__(self, connection: Any, page: int) -> None:  # noqa: ANN401 - ldap3 has no types
        self._connection = connection
        self._page = page

    def entries(self, base: str, wanted: str, attributes: Sequence[str]) -> Iterator[Entry]:
        """
        Yield every entry below a base that a filter finds; see `EntrySearch`.
        """
        cookie: bytes | None = None
        seen = 0
        while True:
            result = self._search(base, wanted, SUBTREE, attributes, cookie=cookie)
            if result["result"] != SUCCESS:
                _refuse(base, f"{result['description']} {result['message']}".strip())
            for one in self._connection.response:
                seen += 1
                if seen > MAX_ENTRIES:
                    _refuse(base, f"more than {MAX_ENTRIES} entries")
                yield _entry(base, one)
            control = (result.get("controls") or {}).get(PAGED)
            if control is None:
                _refuse(base, "the server does not say whether there is another page")
            cookie = control["value"]["cookie"]
            if not cookie:
                return

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        """
        Return one entry by its DN; see `EntrySearch`.
        """
        result = self._search(dn, ANYTHING, BASE, attributes)
        if result["result"] == NO_SUCH_OBJECT:
            return None
        if result["result"] != SUCCESS:
            _refuse(dn, f"{result['description']} {result['message']}".strip())
        found = [_entry(dn, one) for one in self._connection.response]
        return found[0] if found else None

    def _search(
        self,
        base: str,
        wanted: str,
        scope: str,
        attributes: Sequence[str],
        *,
        cookie: bytes | None = None,
    ) -> dict[str, Any]:
        paged = {"paged_size": self._page, "paged_criticality": True, "paged_cookie": cookie}
        with _answering(base):
            self._connection.search(
                base,
                wanted,
                search_scope=scope,
                dereference_aliases=DEREF_NEVER,
                attributes=list(attributes) or [NO_ATTRIBUTES],
                **(paged if scope == SUBTREE else {}),
            )
            result: dict[str, Any] = dict(self._connection.result)
        return result


@contextmanager
def connected(address: LdapAddress) -> Iterator[LdapSearch]:
    """
    Connect, begin TLS, and bind.

    Raises:
        InputError: One of these was refused, or nobody answers.
    """
    parts = urlsplit(address.url)
    host = parts.hostname or ""
    seconds = max(1, int(address.timeout.total_seconds()))
    secure = parts.scheme == "ldaps"
    context = ssl.create_default_context(cafile=address.ca_file)
    server = Server(
        host,
        port=parts.port or (636 if secure else 389),
        use_ssl=secure,
        tls=_StandardTls(context, host),
        get_info=NONE,
        connect_timeout=seconds,
    )
    connection = Connection(
        server,
        user=address.bind_dn,
        password=address.password,
        authentication=SIMPLE,
        client_strategy=SYNC,
        auto_referrals=False,
        check_names=False,
        raise_exceptions=False,
        receive_timeout=seconds,
        auto_range=False,
    )
    try:
        with _answering(address.url):
            _begin(connection, address, secure=secure)
        yield LdapSearch(connection, address.page)
    finally:
        _end(connection)


def _begin(connection: Any, address: LdapAddress, *, secure: bool) -> None:  # noqa: ANN401
    connection.open(read_server_info=False)
    if not secure and address.start_tls and not connection.start_tls(read_server_info=False):
        _refuse(address.url, "TLS could not be begun")
    if not connection.bind(read_server_info=False):
        why = connection.result["description"]
        _refuse(address.url, f"{address.bind_dn} was not let in: {why}")


def _end(connection: Any) -> None:  # noqa: ANN401
    opened = connection.socket
    # Whatever has ended it already; ldap3 leaves a socket open that could not be connected.
    with suppress(LDAPException, OSError):
        connection.unbind()
    if opened is not None:
        opened.close()


@contextmanager
def _answering(what: str) -> Iterator[None]:
    try:
        yield
    except (LDAPException, PyAsn1Error, OSError, ValueError, KeyError, IndexError) as error:
        msg = f"{what}: the directory did not answer: {type(error).__name__}: {error}"
        raise InputError(msg) from error


def _entry(base: str, one: dict[str, Any]) -> Entry:
    if one["type"] != "searchResEntry":
        _refuse(base, "part of it is on another server (a referral); choose a base that is not")
    attributes = {
        name.lower(): [bytes(value) for value in values]
        for name, values in one["raw_attributes"].items()
    }
    # Strictly: ldap3 reads what is no UTF-8 as something else, which may be another entry's DN.
    with _answering(base):
        return Entry(bytes(one["raw_dn"]).decode("utf-8"), attributes)


def _refuse(what: str, why: str) -> NoReturn:
    msg = f"{what}: {why}; nothing was changed"
    raise InputError(msg)
