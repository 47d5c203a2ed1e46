"""
The paths of the page. None of them is for programs, so none is in the description of the API.
"""

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from acl.audit.events import AuditEvent
from acl.errors import ReadershipError
from acl.identity.errors import ReaderRefusedError, TokenRejectedError
from acl.identity.reader import VerifiedReader
from retrieval.addresses import PAGE_PREFIX, page_path
from retrieval.api.problems import is_recorded
from retrieval.console.citations import CitationRoom
from retrieval.console.cookies import own_cookies
from retrieval.console.pages import citation_page, notice, redirect
from retrieval.console.provider import ProviderUnavailableError
from retrieval.console.sessions import Begun, Session, Sessions
from retrieval.console.sign_in import PARAMETERS, SignIn, SignInFailedError
from retrieval.errors import (
    InsufficientScopeError,
    NotAdmittedError,
    NotFoundError,
    StepUpRequiredError,
    SwitchedOffError,
)
from retrieval.limits import LimitExceededError

logger = logging.getLogger(__name__)

SIGN_IN_PATH: Final = "/reader/sign-in"
REDIRECT_PATH: Final = "/reader/signed-in"
SIGN_OUT_PATH: Final = "/reader/sign-out"
SIGN_IN_ACTION: Final = "sign-in"
MAX_FORM_FIELDS: Final = 4
_PASSAGE_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
NO_PASSAGE: Final = "none"
"""
Stands for whatever could be the id of no passage: it takes the way of one that is not there.
"""

_REFUSED: Final = (
    ReaderRefusedError,
    SwitchedOffError,
    NotAdmittedError,
    InsufficientScopeError,
)


@dataclass(frozen=True, slots=True)
class Console:
    """
    What the page is made of; `refused` is told of every sign-in and token that was refused.
    """

    room: CitationRoom
    sign_in: SignIn
    sessions: Sessions
    refused: Callable[[ReadershipError, str], None]

    def show(self, request: Request, passage: str) -> Response:
        """
        Show a passage to whoever has signed in, and let everybody else sign in first.
        """
        session = self.sessions.read(own_cookies(request))
        if session is None:
            return self.begin(request, passage)
        try:
            return citation_page(self.room.cited(session.credentials(), passage), session)
        except ReadershipError as error:
            return self._refusal(error, session, passage)

    def begin(self, request: Request, passage: str, *, anew: bool = False) -> Response:
        """
        Send the browser to the issuer.
        """
        begun = Begun.of(passage)
        try:
            response = redirect(self.sign_in.address(begun, anew=anew))
        except ProviderUnavailableError as error:
            return self._unavailable(error)
        self.sessions.begin(response, begun, own_cookies(request))
        return response

    def finish(self, request: Request) -> Response:
        """
        Take in what the issuer answers; a new session comes of it, or none.
        """
        # No other parameter is looked at, however many strangers send.
        came = {name: request.query_params.getlist(name) for name in PARAMETERS}
        state = next(iter(came["state"]), "")
        begun = self.sessions.begun(own_cookies(request), state)
        try:
            token, reader = self.sign_in.finish(came, begun)
            self._record(reader)
        except (SignInFailedError, ReaderRefusedError) as error:
            self.refused(error, secrets.token_hex(16))
            response = notice(
                HTTPStatus.FORBIDDEN, "You are not signed in", _sentence(error.public_message)
            )
        except ReadershipError as error:
            response = self._unavailable(error)
        else:
            response = redirect(page_path(begun.passage if begun else NO_PASSAGE))
            now, until = self.sign_in.clock(), reader.expires_at
            self.sessions.keep(response, Session.of(token), until=until, now=now)
        if begun is not None:
            self.sessions.finished(response, state)
        return response

    def sign_out(self, request: Request, body: bytes) -> Response:
        """
        End the session of this browser, if one of our forms asks for it.
        """
        session = self.sessions.read(own_cookies(request))
        if session is None:
            # It may have come from elsewhere, without the cookies of a session that goes on.
            told = (
                "No session came with this request: one ends by itself after a while. You may "
                "still be signed in at your organisation."
            )
            return self._signed_out(HTTPStatus.FORBIDDEN, "There was no session to end", told)
        if not _sent_by_us(session, body):
            told = "The page that asked for it is not of this session. Nothing was changed."
            return notice(HTTPStatus.FORBIDDEN, "You were not signed out", told, session=session)
        told = (
            "This browser is signed out here. Until you sign out at your organisation, too, "
            "opening a citation signs you in again."
        )
        response = self._signed_out(HTTPStatus.OK, "You are signed out", told)
        self.sessions.end(response)
        return response

    def _signed_out(self, status: HTTPStatus, heading: str, told: str) -> Response:
        link, text = self._end_of_session(), "Sign out at your organisation, too"
        return notice(status, heading, told, link=link, link_text=text)

    def _end_of_session(self) -> str:
        try:
            address = self.sign_in.provider.endpoints().end_session
        except ProviderUnavailableError:
            return ""
        asked = urlencode({"client_id": self.sign_in.registration.client})
        return "" if address is None else f"{address}?{asked}"

    def _record(self, reader: VerifiedReader) -> None:
        self.room.trail.append(
            AuditEvent(
                at=self.sign_in.clock(),
                request_id=secrets.token_hex(16),
                action=SIGN_IN_ACTION,
                outcome="signed in",
                issuer=reader.issuer,
                subject=reader.subject,
                client=reader.client,
                actors=reader.actors,
                details={"who": reader.sentence(), "way": self.room.way},
            )
        )

    def _refusal(self, error: ReadershipError, session: Session, passage: str) -> Response:
        if is_recorded(error):
            self.refused(error, secrets.token_hex(16))
        match error:
            case NotFoundError():
                told = (
                    "There is no such passage for you. It may have been changed or removed, or it "
                    "is not yours to read; this page does not say which."
                )
                return notice(HTTPStatus.NOT_FOUND, "Not found", told, session=session)
            case TokenRejectedError():
                told = "Your sign-in has ended."
                response = self._sign_in_again("Please sign in again", told, passage)
                self.sessions.end(response)
                return response
            case StepUpRequiredError():
                return self._sign_in_again(
                    "Please sign in more surely", _sentence(error.public_message), passage
                )
            case error if isinstance(error, _REFUSED):
                told = _sentence(error.public_message)
                return notice(HTTPStatus.FORBIDDEN, "Not allowed", told, session=session)
            case LimitExceededError():
                return _too_much(error, session)
            case _:
                return self._unavailable(error)

    def _sign_in_again(self, heading: str, told: str, passage: str) -> Response:
        link = f"{SIGN_IN_PATH}?{urlencode({'passage': passage})}"
        return notice(HTTPStatus.UNAUTHORIZED, heading, told, link=link, link_text="Sign in")

    def _unavailable(self, error: ReadershipError) -> Response:
        logger.error("the reader page: %s: %s", error.code, error.diagnostics())
        told = "Something that is needed does not answer. Nothing was shown; try again in a moment."
        response = notice(HTTPStatus.SERVICE_UNAVAILABLE, "Not available", told)
        response.headers["Retry-After"] = "2"
        return response


def _too_much(error: LimitExceededError, session: Session) -> Response:
    told = _sentence(error.public_message)
    response = notice(HTTPStatus.TOO_MANY_REQUESTS, "Too much at once", told, session=session)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def console_routes(console: Console) -> APIRouter:
    """
    Return the routes of the page.
    """
    router = APIRouter(include_in_schema=False)

    @router.get(PAGE_PREFIX + "{passage_id:path}")
    def page(request: Request, passage_id: str) -> Response:
        return console.show(request, _named(passage_id))

    @router.get(SIGN_IN_PATH)
    def sign_in(request: Request, passage: str = NO_PASSAGE) -> Response:
        return console.begin(request, _named(passage), anew=True)

    @router.get(REDIRECT_PATH)
    def signed_in(request: Request) -> Response:
        return console.finish(request)

    @router.post(SIGN_OUT_PATH)
    async def sign_out(request: Request) -> Response:
        body = await request.body()
        # Beside the event loop: the issuer may have to be asked where one signs out there.
        return await to_thread.run_sync(console.sign_out, request, body)

    return router


def _named(passage: str) -> str:
    return passage if _PASSAGE_ID.fullmatch(passage) else NO_PASSAGE


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _sent_by_us(session: Session, body: bytes) -> bool:
    try:
        fields = parse_qsl(body.decode("ascii"), max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        return False
    forms = [value for name, value in fields if name == "form"]
    return len(forms) == 1 and secrets.compare_digest(forms[0].encode(), session.form.encode())
