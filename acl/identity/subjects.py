"""
Whose tokens a security event is about: subject identifiers (RFC 9493), as far as they name
tokens beyond doubt.

- `iss_sub`: subject of an issuer that the transmitter may speak for.
- `opaque`: subject of the one issuer that the operator has named for it.
- `email`: the tokens whose claim, named by the operator, is this address.
- `complex` (SSF 1.0): its `user`; without one its `session`, which is opaque.

Nothing is matched by similarity, with one exception: what takes away takes also from addresses
that differ in case or width alone, which mail systems take for one. What gives back
(`account-enabled`) gives to the address byte for byte.

Where a session is ended without saying whose it was, tokens that do not name their session are
ended with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from acl.identity.statements import Blame, StatementRejectedError, name_in, require
from acl.model.revocations import SESSION, SUBJECT, TokensOf, folded


@dataclass(frozen=True, slots=True)
class SubjectRule:
    """
    For whom a transmitter may speak, and how it may name them.

    `opaque_issuer` is whose subjects its opaque identifiers are; `email_claim` is the claim in
    which the tokens of all its issuers hold the address that it names people by.
    """

    issuers: frozenset[str]
    opaque_issuer: str | None = None
    email_claim: str | None = None

    def tokens_of(self, identifier: object, *, giving: bool = False) -> tuple[TokensOf, ...]:
        """
        Return whose tokens are meant; `giving` by what gives back.

        Raises:
            StatementRejectedError: That is not beyond doubt, or not this transmitter's to say.
        """
        match _form(identifier):
            case "iss_sub", named:
                return (TokensOf(self._spoken_for(named), SUBJECT, name_in(named, "sub")),)
            case "opaque", named:
                return (TokensOf(self._opaque(), SUBJECT, name_in(named, "id")),)
            case "email", named:
                return self._by_email(name_in(named, "email"), giving=giving)
            case "complex", parts if "user" in parts:
                return self.tokens_of(parts["user"], giving=giving)
            case "complex", parts if "session" in parts:
                return self._of_session(parts["session"])
            case form, _:
                msg = f"a subject of format {form!r:.40} names no tokens"
                raise StatementRejectedError(Blame.REQUEST, msg)

    def _spoken_for(self, named: Mapping[str, object]) -> str:
        issuer = name_in(named, "iss")
        require(issuer in self.issuers, f"it may not speak for subjects of {issuer!r:.200}")
        return issuer

    def _opaque(self) -> str:
        if self.opaque_issuer is None:
            msg = "it has no opaque_issuer, so its opaque subjects are nobody's"
            raise StatementRejectedError(Blame.REQUEST, msg)
        return self.opaque_issuer

    def _by_email(self, address: str, *, giving: bool) -> tuple[TokensOf, ...]:
        if self.email_claim is None:
            msg = "it has no email_claim, so addresses name nobody"
            raise StatementRejectedError(Blame.REQUEST, msg)
        spelled = {address}
        if not giving:
            spelled.add(name_in({"email": folded(address)}, "email"))
        return tuple(
            TokensOf(one, self.email_claim, each)
            for one in sorted(self.issuers)
            for each in sorted(spelled)
        )

    def _of_session(self, identifier: object) -> tuple[TokensOf, ...]:
        form, named = _form(identifier)
        require(form == "opaque", f"a session of format {form!r:.40} is not known")
        return session_tokens(self._opaque(), name_in(named, "id"))


def session_tokens(issuer: str, session: str) -> tuple[TokensOf, ...]:
    """
    Return the tokens that may be a session's: those that say so, and those that do not say.
    """
    return TokensOf(issuer, SESSION, session), TokensOf(issuer, SESSION)


def _form(identifier: object) -> tuple[str, Mapping[str, object]]:
    if not isinstance(identifier, dict) or not isinstance(identifier.get("format"), str):
        msg = "a subject identifier is an object with a format"
        raise StatementRejectedError(Blame.REQUEST, msg)
    return identifier["format"], identifier
