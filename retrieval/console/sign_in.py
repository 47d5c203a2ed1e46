"""
Signs a reader in at the organisation's issuer: authorization code with PKCE, as OAuth 2.1 and
OpenID Connect have it. The requests are authlib's; what comes back is judged here.

The steps of the way back, in the order they are taken:

1. Each parameter is there once at most, and `state` is that of a sign-in which this browser has
   begun lately.
2. `iss` is this issuer, and is there if the issuer promises it (RFC 9207): no answer of another
   issuer is taken for this one's.
3. There is a code, and no error.
4. The code is exchanged at this issuer, with the verifier of this sign-in (RFC 7636), the exact
   redirect address, and the resource that the token is for (RFC 8707).
5. The ID token is for this page and this request (`acl.identity.id_tokens`).
6. The access token passes the verifier of this service, like any other; it is this issuer's, and
   was issued to this page.

Nothing of a refusal is told to the browser but that it was refused.
"""

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote_plus

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from acl.errors import ReadershipError
from acl.identity.errors import TokenRejectedError
from acl.identity.id_tokens import verify_id_token
from acl.identity.reader import VerifiedReader
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.identity.wire import Wire, WireError
from acl.model.assurance import Demand
from acl.model.strict_json import parse_object
from retrieval.console.provider import Provider, ProviderUnavailableError
from retrieval.console.sessions import Begun

MAX_ASKING: Final = 16
"""
Codes that are exchanged at once, of whoever sends some; nobody waits for a turn, because readers
wait for the same threads.
"""

PARAMETERS: Final = ("code", "state", "iss", "error")


class SignInFailedError(ReadershipError):
    """
    What came back from the issuer proves nobody's sign-in.
    """

    public_message = "you could not be signed in; open the citation again"
    code = "sign_in_failed"


@dataclass(frozen=True, slots=True)
class Registration:
    """
    The page as the issuer knows it. `scope` is asked for; `resource` too, unless it is `None`;
    `secret` is `None` for a public client.
    """

    client: str
    redirect: str
    scope: str
    resource: str | None
    demand: Demand | None = None
    secret: Callable[[], str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    The way to the issuer and back.
    """

    registration: Registration
    provider: Provider
    trusted: TrustedIssuer
    verifier: TokenVerifier
    wire: Wire
    clock: Callable[[], datetime]
    asking: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MAX_ASKING), repr=False
    )

    def address(self, begun: Begun, *, anew: bool = False) -> str:
        """
        Return where the browser is to go; `anew` asks for a sign-in even if there is one.

        Raises:
            ProviderUnavailableError: The issuer does not say where.
        """
        asked, demand = self.registration, self.registration.demand
        more: dict[str, str] = {"prompt": "login"} if anew else {}
        if demand is not None and demand.contexts:
            more["acr_values"] = " ".join(demand.contexts)
        if demand is not None and demand.max_age is not None:
            more["max_age"] = str(int(demand.max_age.total_seconds()))
        if asked.resource is not None:
            more["resource"] = asked.resource
        address: str = prepare_grant_uri(
            self.provider.endpoints().authorization,
            asked.client,
            "code",
            redirect_uri=asked.redirect,
            scope=asked.scope,
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
            **more,
        )
        return address

    def finish(
        self, came: Mapping[str, Sequence[str]], begun: Begun | None
    ) -> tuple[str, VerifiedReader]:
        """
        Return the access token that a sign-in has led to, and whose it is.

        Raises:
            SignInFailedError: It has led to none.
            ProviderUnavailableError, KeysUnavailableError: It cannot be said now.
        """
        if begun is None or any(len(came.get(one, ())) > 1 for one in PARAMETERS):
            msg = "sign-in 1: no sign-in of this browser, or a parameter stands twice"
            raise SignInFailedError(msg)
        named = next(iter(came.get("iss", ())), None)
        if named != self.trusted.issuer and (
            named is not None or self.provider.endpoints().names_itself
        ):
            msg = f"sign-in 2: iss {named!r:.200}"
            raise SignInFailedError(msg)
        code = next(iter(came.get("code", ())), None)
        if not code or came.get("error"):
            msg = f"sign-in 3: the issuer answered {next(iter(came.get('error', ())), None)!r:.80}"
            raise SignInFailedError(msg)
        return self._judged(self._exchanged(code, begun), begun)

    def _exchanged(self, code: str, begun: Begun) -> Mapping[str, object]:
        asked, endpoint = self.registration, self.provider.endpoints().token
        form = prepare_token_request(
            "authorization_code",
            code=code,
            redirect_uri=asked.redirect,
            client_id=asked.client,
            code_verifier=begun.verifier,
            resource=asked.resource,
        )
        if not self.asking.acquire(blocking=False):
            msg = f"{MAX_ASKING} sign-ins are already underway"
            raise ProviderUnavailableError(msg)
        try:
            answer = self.wire.post(endpoint, dict(parse_qsl(form)), authorization=self._basic())
            return parse_object(answer)
        except (WireError, ValueError) as error:
            msg = f"sign-in 4: {error}"
            raise SignInFailedError(msg) from error
        finally:
            self.asking.release()

    def _judged(self, granted: Mapping[str, object], begun: Begun) -> tuple[str, VerifiedReader]:
        token, identity = granted.get("access_token"), granted.get("id_token")
        kind = granted.get("token_type")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            msg = f"sign-in 4: token_type {kind!r:.40}"
            raise SignInFailedError(msg)
        if not isinstance(token, str) or not isinstance(identity, str):
            msg = "sign-in 4: an access token or an ID token is missing"
            raise SignInFailedError(msg)
        client = self.registration.client
        try:
            verify_id_token(
                identity, self.trusted, client=client, nonce=begun.nonce, now=self.clock()
            )
            reader = self.verifier.verify(token)
        except TokenRejectedError as error:
            msg = f"sign-in 5 and 6: {error.diagnostics()}"
            raise SignInFailedError(msg) from error
        if (reader.issuer, reader.client) != (self.trusted.issuer, client):
            msg = f"sign-in 6: a token of {reader.issuer} for client {reader.client!r:.200}"
            raise SignInFailedError(msg)
        return token, reader

    def _basic(self) -> str | None:
        secret = self.registration.secret
        if secret is None:
            return None
        # RFC 6749, section 2.3.1: encoded as a form is, before they are joined.
        pair = f"{quote_plus(self.registration.client)}:{quote_plus(secret())}"
        return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")
