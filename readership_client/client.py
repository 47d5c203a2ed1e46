"""
The two clients, for programs that wait and for programs that do not.

What they see to:

1. The token is asked for once for every request, before anything else, in the caller's context.
   A text in its place is refused: a token that is stored is the token of somebody else, sooner
   or later.
2. Nothing of one request is there in the next: no cookies, no redirects, no answers.
3. A token goes to `https` only, or to this machine, and then through nobody's proxy.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, TypeVar
from urllib.parse import quote

import httpx

from readership_client.answers import (
    Answer,
    Document,
    Passage,
    answer_from,
    document_from,
    passage_from,
)
from readership_client.errors import (
    NotFoundError,
    NoTokenError,
    NotSignedInError,
    ReadershipClientError,
    RefusedError,
    TryLaterError,
    UnexpectedAnswerError,
)

Token: TypeAlias = Callable[[], str]
"""
Returns the token of the reader who asks now.
"""

AsyncToken: TypeAlias = Callable[[], str | Awaitable[str]]
"""
The same; it may have to wait for it.
"""

Read = TypeVar("Read")

SECONDS: Final = 30.0
DEFAULT_LIMIT: Final = 8
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class ReadershipClient:
    """
    Asks a Readership service, each time for the reader whose token `token` returns.
    """

    def __init__(
        self, url: str, token: Token, *, timeout: float = SECONDS, http: httpx.Client | None = None
    ) -> None:
        """
        `url` is where the service is; `http` sends in place of a client of our
        own (for certificates and proxies of yours).

        Raises:
            TypeError: `token` is not a function.
            ValueError: The URL is not `https`, nor of this machine.
        """
        self._url = _checked(url)
        _require_function(token)
        self._token = token
        self._http = http or httpx.Client(timeout=timeout, trust_env=_may_pass_on(self._url))
        _keep_no_cookies(self._http)

    def search(
        self,
        query: str,
        *,
        limit: int = DEFAULT_LIMIT,
        sources: list[str] | None = None,
        token: Token | None = None,
    ) -> Answer:
        """
        Search what the reader may read; `token` in place of the one given at the start.

        Raises:
            ReadershipClientError: There is no answer; see `readership_client.errors`.
        """
        return self._asked(answer_from, token, "POST", "/v1/search", _search(query, limit, sources))

    def passage(self, identifier: str, *, token: Token | None = None) -> Passage:
        """
        Fetch a passage by its id, authorised anew.

        Raises:
            NotFoundError: There is none for this reader.
            ReadershipClientError: There is no answer.
        """
        return self._asked(passage_from, token, "GET", _path("passages", identifier))

    def document(
        self, identifier: str, *, source: str | None = None, token: Token | None = None
    ) -> Document:
        """
        Fetch a document by its source's id, authorised anew.

        Raises:
            NotFoundError: There is none for this reader.
            ReadershipClientError: There is no answer.
        """
        path = _path("documents", identifier, source)
        return self._asked(document_from, token, "GET", path)

    def close(self) -> None:
        """
        Close the connections.
        """
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _asked(
        self,
        read: Callable[[Any], Read],
        token: Token | None,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
    ) -> Read:
        found = (self._token if token is None else token)()
        headers = _headers(found)
        try:
            response = self._http.request(
                method,
                self._url + path,
                json=body,
                headers=headers,
                auth=None,
                follow_redirects=False,
            )
        except httpx.HTTPError as error:
            failed = type(error).__name__
        else:
            return read(_body(response))
        raise _unanswered(failed)


class AsyncReadershipClient:
    """
    The same without waiting; `token` may be a coroutine function.
    """

    def __init__(
        self,
        url: str,
        token: AsyncToken,
        *,
        timeout: float = SECONDS,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """
        See `ReadershipClient`.
        """
        self._url = _checked(url)
        _require_function(token)
        self._token = token
        self._http = http or httpx.AsyncClient(timeout=timeout, trust_env=_may_pass_on(self._url))
        _keep_no_cookies(self._http)

    async def search(
        self,
        query: str,
        *,
        limit: int = DEFAULT_LIMIT,
        sources: list[str] | None = None,
        token: AsyncToken | None = None,
    ) -> Answer:
        """
        See `ReadershipClient.search`.
        """
        body = _search(query, limit, sources)
        return await self._asked(answer_from, token, "POST", "/v1/search", body)

    async def passage(self, identifier: str, *, token: AsyncToken | None = None) -> Passage:
        """
        See `ReadershipClient.passage`.
        """
        return await self._asked(passage_from, token, "GET", _path("passages", identifier))

    async def document(
        self, identifier: str, *, source: str | None = None, token: AsyncToken | None = None
    ) -> Document:
        """
        See `ReadershipClient.document`.
        """
        path = _path("documents", identifier, source)
        return await self._asked(document_from, token, "GET", path)

    async def aclose(self) -> None:
        """
        Close the connections.
        """
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _asked(
        self,
        read: Callable[[Any], Read],
        token: AsyncToken | None,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
    ) -> Read:
        found = (self._token if token is None else token)()
        if inspect.isawaitable(found):
            found = await found
        headers = _headers(found)
        try:
            response = await self._http.request(
                method,
                self._url + path,
                json=body,
                headers=headers,
                auth=None,
                follow_redirects=False,
            )
        except httpx.HTTPError as error:
            failed = type(error).__name__
        else:
            return read(_body(response))
        raise _unanswered(failed)


def _unanswered(failed: str) -> ReadershipClientError:
    # Raised where nothing is being handled: the error that it stands for holds the request, and
    # with it the token, and would hang on it as its context.
    return ReadershipClientError(f"the service did not answer: {failed}")


def _require_function(token: object) -> None:
    if not callable(token):
        msg = (
            "token is a function that returns the token of the reader who asks now, and is called "
            f"for every request; a {type(token).__name__} would be one reader's for everybody"
        )
        raise TypeError(msg)


def _checked(url: str) -> str:
    parsed = httpx.URL(url)
    if not parsed.host or parsed.query or parsed.fragment or parsed.userinfo:
        msg = f"{url!r:.200} is not the address of a service: like https://rag.example.com"
        raise ValueError(msg)
    if parsed.scheme != "https" and not (parsed.scheme == "http" and _is_here(parsed.host)):
        msg = f"{url!r:.200} is neither https nor on this machine: a token is not sent there"
        raise ValueError(msg)
    return url.rstrip("/")


def _may_pass_on(url: str) -> bool:
    # A proxy of the environment would get what is not encrypted, and the token with it.
    return httpx.URL(url).scheme == "https"


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _keep_no_cookies(http: httpx.Client | httpx.AsyncClient) -> None:
    # A gateway that puts its session into one would make the next reader this one.
    http.cookies.jar.clear()
    jar: CookieJar = http.cookies.jar
    jar.set_policy(DefaultCookiePolicy(allowed_domains=()))


def _headers(token: object) -> dict[str, str]:
    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
        msg = "there is no token for this request; nothing was sent"
        raise NoTokenError(msg)
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _search(query: str, limit: int, sources: list[str] | None) -> dict[str, object]:
    body: dict[str, object] = {"query": query, "limit": limit}
    return body | ({"filters": {"sources": sources}} if sources is not None else {})


def _path(kind: str, identifier: str, source: str | None = None) -> str:
    if identifier in {"", ".", ".."}:
        msg = f"{identifier!r} is no id"  # and would be another path
        raise ValueError(msg)
    named = f"?source={quote(source, safe='')}" if source is not None else ""
    return f"/v1/{kind}/{quote(identifier, safe='')}{named}"


def _body(response: httpx.Response) -> Any:  # noqa: ANN401 - whatever came
    try:
        body = response.json()
    except ValueError:
        body = None
    status = response.status_code
    if status == httpx.codes.OK and body is not None:
        return body
    problem = body if isinstance(body, dict) else {}
    code, detail = str(problem.get("code", "")), str(problem.get("detail", ""))
    told = f"{status} {problem.get('title', '')}: {detail} (request {problem.get('request_id')})"
    if not code:
        msg = f"{status}, and nothing that the service would say; is it at this address?"
        raise UnexpectedAnswerError(msg)
    if status == httpx.codes.UNAUTHORIZED:
        raise NotSignedInError(told, response.headers.get("WWW-Authenticate", ""))
    if status == httpx.codes.NOT_FOUND:
        raise NotFoundError(told, status, code)
    if status in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}:
        after = response.headers.get("Retry-After", "")
        raise TryLaterError(told, status, code, float(after) if after.isdigit() else None)
    raise RefusedError(told, status, code)
