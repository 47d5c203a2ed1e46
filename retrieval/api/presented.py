"""
Takes from a request all that says whether its sender may have the token that came with it.

The address of a request is where clients reach this service (the origin of the resource), not
where this process listens. The header with a client certificate counts only if a trusted proxy
sent the request: everybody else could write it too, and what they write is not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from acl.identity.presented import Presented
from retrieval.addresses import origin_of

Network = IPv4Network | IPv6Network
_TAKEN: Final = "readership.presented"


@dataclass(frozen=True, slots=True)
class CertificateHeader:
    """
    The header in which a trusted proxy says which certificate it has verified, in lower case.
    """

    name: str
    proxies: tuple[Network, ...]

    def trusts(self, peer: str) -> bool:
        """
        Say whether an address is a trusted proxy's.
        """
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self.proxies)


class Presentations:
    """
    Middleware: takes what was presented from each request, before anything else reads it.
    """

    def __init__(self, app: ASGIApp, resource: str, certificates: CertificateHeader | None) -> None:
        self._app = app
        self._origin = origin_of(resource)
        self._certificates = certificates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Take it, and go on.
        """
        if scope["type"] == "http":
            scope[_TAKEN] = self._taken(scope)
        await self._app(scope, receive, send)

    def _taken(self, scope: Scope) -> Presented:
        path = scope.get("raw_path") or scope["path"].encode()
        return Presented(
            authorization=_values(scope, "authorization"),
            method=scope["method"],
            address=self._origin + path.decode("latin-1"),
            proofs=_values(scope, "dpop"),
            certificates=self._certificates_of(scope),
        )

    def _certificates_of(self, scope: Scope) -> tuple[str, ...]:
        header, client = self._certificates, scope.get("client")
        if header is None or not client or not header.trusts(client[0]):
            return ()
        return _values(scope, header.name)


def presented_by(request: Request) -> Presented:
    """
    Return what a request presented; without the middleware, its `Authorization` alone.
    """
    taken = request.scope.get(_TAKEN)
    if isinstance(taken, Presented):
        return taken
    return Presented(tuple(request.headers.getlist("authorization")))


def _values(scope: Scope, name: str) -> tuple[str, ...]:
    headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
    wanted = name.encode("latin-1")
    return tuple(value.decode("latin-1") for key, value in headers if key.lower() == wanted)
