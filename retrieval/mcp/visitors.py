"""
By which name a service may be called, and from whose pages.

A browser that is made to look up somebody else's name at this service's address (DNS rebinding)
takes its page for this service's own; it still sends the name in `Host`, and its page's origin in
`Origin` (MCP, transports, security warning). Names are compared whole and as ASCII; there are no
patterns.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from retrieval.addresses import origin_of
from retrieval.errors import HostRefusedError, OriginRefusedError

HTTPS_PORT: Final = 443


@dataclass(frozen=True, slots=True)
class Visitors:
    """
    The names and origins that are let in, in lower case.
    """

    hosts: frozenset[str]
    origins: frozenset[str]

    @classmethod
    def of(
        cls, resource: str, hosts: Iterable[str] = (), origins: Iterable[str] = ()
    ) -> "Visitors":
        """
        Return those of a resource, by its own name and origin, and more if they are listed.
        """
        parts = urlsplit(resource.lower())
        own = {parts.netloc}
        if parts.port in {None, HTTPS_PORT}:
            name = parts.netloc.removesuffix(f":{HTTPS_PORT}")
            own = {name, f"{name}:{HTTPS_PORT}"}
        return cls(
            frozenset({*own, *map(str.lower, hosts)}),
            frozenset({origin_of(resource).lower(), *map(str.lower, origins)}),
        )

    def require_welcome(self, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """
        Refuse what was sent to another name, or by somebody else's page.

        Raises:
            HostRefusedError: There is not exactly one `Host`, or it is not listed.
            OriginRefusedError: There is an `Origin` that is not listed.
        """
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            msg = f"Host {list(hosts)!r:.200}"
            raise HostRefusedError(msg)
        if any(one.lower() not in self.origins for one in origins):
            msg = f"Origin {list(origins)!r:.200}"
            raise OriginRefusedError(msg)
