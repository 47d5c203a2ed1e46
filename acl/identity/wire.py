"""
One bounded question to an issuer.

The rules:

1. Only `https`, to an address that the operator configured or the issuer's own discovery
   document named. Redirects are not followed, and no proxy of the environment is used.
2. The whole exchange, from the first packet to the last, has `seconds`; an issuer that sends a
   byte now and then does not get more.
3. An answer has status 200, at most `MAX_BYTES`, and no content encoding: what is compressed
   could unfold to anything.

Every question has a connection of its own. They are rare, and nothing is left open between them.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from acl.errors import ConfigurationError

MAX_BYTES: Final = 256 * 1024
SECONDS: Final = 5.0


class WireError(Exception):
    """
    There was no answer that could be used; the text says why, for operators.
    """


def public_authorities() -> ssl.SSLContext:
    """
    Trust the certificate authorities that browsers trust.
    """
    return httpx.create_ssl_context(trust_env=False)


def private_authorities(path: Path) -> ssl.SSLContext:
    """
    Trust the certificate authorities of a file, and no other.

    Raises:
        ConfigurationError: The file holds none.
    """
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ValueError) as error:
        msg = f"{path} holds no certificate authority that could be read: {error}"
        raise ConfigurationError(msg) from error


@dataclass(frozen=True, slots=True)
class Wire:
    """
    How an issuer is reached, and whose certificates it may show; `transport` takes the
    network's place in tests.
    """

    trust: ssl.SSLContext = field(default_factory=public_authorities, repr=False)
    seconds: float = SECONDS
    transport: httpx.AsyncBaseTransport | None = field(default=None, repr=False)

    def get(self, address: str) -> bytes:
        """
        Return what an address answers.

        Raises:
            WireError: Nothing that could be used.
        """
        return self._ask("GET", address, {}, None)

    def post(self, address: str, form: Mapping[str, str], *, authorization: str | None) -> bytes:
        """
        Return what an address answers to a form; a public client has no authorization.

        Raises:
            WireError: Nothing that could be used.
        """
        headers = {} if authorization is None else {"Authorization": authorization}
        return self._ask("POST", address, headers, form)

    def _ask(
        self, method: str, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> bytes:
        try:
            if httpx.URL(address).scheme != "https":
                msg = f"{address!r:.200} is not https"
                raise WireError(msg)
            return asyncio.run(self._exchange(method, address, headers, form))
        # What a refused connection says may hold what was sent; its kind is enough.
        except TimeoutError as error:
            msg = f"{address!r:.200} took longer than {self.seconds:g} s"
            raise WireError(msg) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            msg = f"{address!r:.200} could not be asked: {type(error).__name__}: {error!s:.200}"
            raise WireError(msg) from error

    async def _exchange(
        self, method: str, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> bytes:
        async with asyncio.timeout(self.seconds), self._client() as client:
            accepted = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
            data = None if form is None else dict(form)
            async with client.stream(method, address, headers=accepted, data=data) as response:
                if response.status_code != httpx.codes.OK:
                    msg = f"{address!r:.200} answered {response.status_code}"
                    raise WireError(msg)
                if response.headers.get("content-encoding", "identity") != "identity":
                    msg = f"{address!r:.200} sent something compressed"
                    raise WireError(msg)
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        msg = f"{address!r:.200} sent more than {MAX_BYTES} bytes"
                        raise WireError(msg)
                return bytes(body)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self.transport,
            verify=self.trust,
            timeout=self.seconds,
            follow_redirects=False,
            trust_env=False,
        )
