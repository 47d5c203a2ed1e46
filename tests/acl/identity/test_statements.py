"""
Security events and logouts: who may say what of whom, and nothing passes for anything else.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from acl.identity.errors import TokenRejectedError
from acl.identity.logouts import LOGOUT_EVENT
from acl.identity.profiles import PROFILES
from acl.identity.statements import Blame, StatementRejectedError
from acl.identity.subjects import SubjectRule
from acl.identity.tokens import TokenVerifier
from acl.model.revocations import AccountChange, AccountState, CutOff, TokensOf
from tests.acl.identity.issuers import (
    ALGORITHMS,
    AUDIENCE,
    ISSUER,
    NOW,
    OTHER_ISSUER,
    Issuer,
    trusted,
    verifier,
)
from tests.acl.identity.spoken import (
    CAEP,
    CHAT,
    RECEIVER,
    REVOKED,
    RISC,
    TRANSMITTER,
    event,
    listener,
    logout,
    logout_listener,
    speaker,
)

ALICES = TokensOf(ISSUER, "sub", "alice")
UNKNOWN = f"{CAEP}device-compliance-change"
DAY = 86_400


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def blamed(token: str, rule: SubjectRule | None = None) -> Blame:
    with pytest.raises(StatementRejectedError) as refused:
        listener(rule).verify(token)
    return refused.value.blame


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_security_event_cuts_off_whom_it_names(algorithm: str) -> None:
    by = speaker(algorithm)

    found = listener(by=by).verify(event(by=by))

    assert (CutOff(ALICES, at(NOW - 10)),) == found.changes
    assert ((REVOKED,), ()) == (found.types, found.ignored)
    assert (TRANSMITTER, "24c63fb5") == (found.id.issuer, found.id.jti)


@pytest.mark.parametrize(
    "name",
    [
        f"{CAEP}session-revoked",
        f"{CAEP}credential-change",
        f"{CAEP}token-claims-change",
        f"{CAEP}assurance-level-change",
        f"{RISC}credential-compromise",
        f"{RISC}account-credential-change-required",
    ],
)
def test_these_events_end_tokens(name: str) -> None:
    found = listener().verify(event({"events": {name: {}}}))

    assert (CutOff(ALICES, at(NOW - 10)),) == found.changes


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("account-disabled", AccountState.DISABLED),
        ("account-purged", AccountState.PURGED),
        ("account-enabled", AccountState.ENABLED),
    ],
)
def test_these_events_are_about_accounts(name: str, state: AccountState) -> None:
    """
    Enabling one brings back no token.
    """
    found = listener().verify(event({"events": {f"{RISC}{name}": {}}}))

    change = AccountChange(ALICES, state, at(NOW - 10))
    cut = () if state is AccountState.ENABLED else (CutOff(ALICES, at(NOW - 10)),)
    assert (*cut, change) == found.changes


@pytest.mark.parametrize(
    ("stamp", "since"),
    [
        (NOW - 3_600, NOW - 10),
        (NOW - 5, NOW - 5),
        (NOW + 20, NOW + 20),
        (NOW + 31, NOW + 30),
        (NOW * 1_000, NOW + 30),
        ("soon", NOW - 10),
        (True, NOW - 10),
        (None, NOW - 10),
    ],
)
def test_the_later_of_saying_and_happening_counts(stamp: object, since: float) -> None:
    """
    And nothing that has not come yet, which would keep people out for as long as it says.
    """
    found = listener().verify(event({"events": {REVOKED: {"event_timestamp": stamp}}}))

    assert (CutOff(ALICES, at(since)),) == found.changes


def test_unknown_events_are_acknowledged_and_change_nothing() -> None:
    """
    Whatever their subject; beside one that is known they are named.
    """
    alone = listener().verify(event({"events": {UNKNOWN: {}}, "sub_id": {"format": "odd"}}))
    both = listener().verify(event({"events": {UNKNOWN: {}, REVOKED: {}}}))

    assert ((), (UNKNOWN,)) == (alone.changes, alone.ignored)
    assert (1, (UNKNOWN,)) == (len(both.changes), both.ignored)


MAIL = SubjectRule(frozenset({ISSUER}), email_claim="email")
OPAQUE = SubjectRule(frozenset({ISSUER}), opaque_issuer=ISSUER)
SESSION = {"format": "opaque", "id": "s1"}


@pytest.mark.promise("identity-exact")
@pytest.mark.parametrize(
    ("rule", "subject", "tokens"),
    [
        (OPAQUE, {"format": "opaque", "id": "alice"}, [ALICES]),
        (
            MAIL,
            {"format": "email", "email": "Alice@acme.example"},
            [
                TokensOf(ISSUER, "email", "Alice@acme.example"),
                TokensOf(ISSUER, "email", "alice@acme.example"),
            ],
        ),
        (OPAQUE, {"format": "complex", "session": SESSION, "user": SESSION}, None),
        (
            OPAQUE,
            {"format": "complex", "session": SESSION},
            [TokensOf(ISSUER, "sid", "s1"), TokensOf(ISSUER, "sid")],
        ),
    ],
)
def test_subjects_are_named_as_the_operator_allows(
    rule: SubjectRule, subject: dict[str, object], tokens: list[TokensOf] | None
) -> None:
    """
    Byte for byte; of a user and a session the user is cut off.
    """
    found = listener(rule).verify(event({"sub_id": subject}))

    expected = [TokensOf(ISSUER, "sub", "s1")] if tokens is None else tokens
    assert expected == [one.tokens for one in found.changes]


@pytest.mark.promise("identity-exact")
def test_an_address_is_matched_without_case_to_take_and_byte_for_byte_to_give() -> None:
    """
    Two people may have addresses that differ in nothing but case: enabling one enables no other.
    """
    subject = {"format": "email", "email": "Alice@acme.example"}

    def changed(name: str) -> list[str]:
        said = {"sub_id": subject, "events": {f"{RISC}{name}": {}}}
        return [one.tokens.value for one in listener(MAIL).verify(event(said)).changes]

    both = ["Alice@acme.example", "alice@acme.example"]
    assert sorted(both * 2) == sorted(changed("account-disabled"))
    assert both[:1] == changed("account-enabled")


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize(
    "subject",
    [
        None,
        "alice",
        {},
        {"format": "iss_sub", "sub": "alice"},
        {"format": "iss_sub", "iss": ISSUER},
        {"format": "iss_sub", "iss": ISSUER, "sub": ""},
        {"format": "iss_sub", "iss": ISSUER, "sub": "a" * 256},
        {"format": "iss_sub", "iss": OTHER_ISSUER, "sub": "alice"},
        {"format": "iss_sub", "iss": ISSUER + "/", "sub": "alice"},
        {"format": "opaque", "id": "alice"},
        {"format": "email", "email": "alice@acme.example"},
        {"format": "phone_number", "phone_number": "+1"},
        {"format": "complex", "tenant": {"format": "opaque", "id": "acme"}},
        {"format": "complex", "session": {"format": "iss_sub", "iss": ISSUER, "sub": "x"}},
        {"format": ["iss_sub"], "iss": ISSUER, "sub": "alice"},
    ],
)
def test_a_subject_that_is_not_beyond_doubt_is_refused(subject: object) -> None:
    assert Blame.REQUEST is blamed(event({"sub_id": subject}))


def test_a_session_has_no_account() -> None:
    """
    Or everybody whose token names none would be kept out for good.
    """
    subject = {"format": "complex", "session": SESSION}
    disabled = {"sub_id": subject, "events": {f"{RISC}account-disabled": {}}}

    assert Blame.REQUEST is blamed(event(disabled), OPAQUE)


SPOILED: dict[str, tuple[str, Blame]] = {
    "not signed by the transmitter": (event(by=Issuer("ES256", issuer=TRANSMITTER)), Blame.KEY),
    "another algorithm": (event(by=speaker("RS256")), Blame.KEY),
    "unknown key": (event(header={"kid": "other"}), Blame.KEY),
    "algorithm none": (event(header={"alg": "none"}), Blame.KEY),
    "another transmitter": (event({"iss": "https://ssf.globex.example"}), Blame.ISSUER),
    "an issuer of tokens": (event({"iss": ISSUER}), Blame.ISSUER),
    "no issuer": (event(without=("iss",)), Blame.ISSUER),
    "another audience": (event({"aud": "https://rag.globex.example/ssf"}), Blame.AUDIENCE),
    "the audience of tokens": (event({"aud": AUDIENCE}), Blame.AUDIENCE),
    "no audience": (event(without=("aud",)), Blame.AUDIENCE),
    "no typ": (event(without=("typ",)), Blame.REQUEST),
    "typ JWT": (event(header={"typ": "JWT"}), Blame.REQUEST),
    "own key": (event(header={"jwk": speaker().jwk()}), Blame.REQUEST),
    "no jti": (event(without=("jti",)), Blame.REQUEST),
    "empty jti": (event({"jti": ""}), Blame.REQUEST),
    "jti no string": (event({"jti": 7}), Blame.REQUEST),
    "long jti": (event({"jti": "j" * 256}), Blame.REQUEST),
    "no iat": (event(without=("iat",)), Blame.REQUEST),
    "iat a string": (event({"iat": str(NOW)}), Blame.REQUEST),
    "iat true": (event({"iat": True}), Blame.REQUEST),
    "iat huge": (event({"iat": 10**17}), Blame.REQUEST),
    "iat in the future": (event({"iat": NOW + 31}), Blame.REQUEST),
    "iat too old": (event({"iat": NOW - 7 * DAY - 1}), Blame.REQUEST),
    "exp": (event({"exp": NOW + 60}), Blame.REQUEST),
    "sub": (event({"sub": "alice"}), Blame.REQUEST),
    "no events": (event(without=("events",)), Blame.REQUEST),
    "events empty": (event({"events": {}}), Blame.REQUEST),
    "events a list": (event({"events": [REVOKED]}), Blame.REQUEST),
    "event no object": (event({"events": {REVOKED: None}}), Blame.REQUEST),
    "too many events": (event({"events": {f"e{n}": {} for n in range(9)}}), Blame.REQUEST),
    "one good, one spoiled": (event({"events": {REVOKED: {}, UNKNOWN: 1}}), Blame.REQUEST),
    "no subject": (event(without=("sub_id",)), Blame.REQUEST),
    "not three parts": ("a.b", Blame.REQUEST),
    "empty": ("", Blame.REQUEST),
    "trailing space": (event() + " ", Blame.REQUEST),
}


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize("fault", sorted(SPOILED))
def test_a_spoiled_event_is_refused_with_its_code(fault: str) -> None:
    token, blame = SPOILED[fault]

    assert blame is blamed(token)


def test_the_bounds_of_iat_are_in() -> None:
    for seconds in (NOW + 30, NOW - 7 * DAY):
        assert listener().verify(event({"iat": seconds})).changes


@pytest.mark.promise("statements-apart")
def test_members_that_are_repeated_are_refused() -> None:
    payload = f'{{"iss": "{TRANSMITTER}", "iss": "{TRANSMITTER}"}}'
    twice = speaker().sign_texts('{"alg": "ES256", "typ": "secevent+jwt", "kid": "1"}', payload)

    assert Blame.REQUEST is blamed(twice)


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize(
    ("claims", "tokens"),
    [
        ({}, [ALICES]),
        ({"sid": "s1"}, [ALICES]),
        ({"sub": None, "sid": "s1"}, [TokensOf(ISSUER, "sid", "s1"), TokensOf(ISSUER, "sid")]),
    ],
)
def test_a_logout_ends_a_subject_or_a_session(
    claims: dict[str, Any], tokens: list[TokensOf]
) -> None:
    """
    With both, the subject: an access token need not name its session.
    """
    without = tuple(name for name, value in claims.items() if value is None)

    found = logout_listener().verify(logout(claims, without=without))

    assert [CutOff(one, at(NOW - 10)) for one in tokens] == list(found.changes)


LOGOUTS: dict[str, str] = {
    "not signed by the issuer": logout(by=speaker()),
    "another issuer": logout({"iss": OTHER_ISSUER}),
    "another client": logout({"aud": "other-client"}),
    "the audience of tokens": logout({"aud": AUDIENCE}),
    "no audience": logout(without=("aud",)),
    "no typ": logout(without=("typ",)),
    "typ JWT": logout(header={"typ": "JWT"}),
    "no events": logout(without=("events",)),
    "another event": logout({"events": {REVOKED: {}}}),
    "event no object": logout({"events": {LOGOUT_EVENT: True}}),
    "nonce": logout({"nonce": "n"}),
    "nonce null": logout({"nonce": None}),
    "neither sub nor sid": logout(without=("sub",)),
    "sub null": logout({"sub": None}),
    "sub no string": logout({"sub": ["alice"]}),
    "sid no string": logout({"sid": 7}),
    "no jti": logout(without=("jti",)),
    "no iat": logout(without=("iat",)),
    "no exp": logout(without=("exp",)),
    "expired": logout({"exp": NOW - 30, "iat": NOW - 90}),
    "from the future": logout({"iat": NOW + 31, "exp": NOW + 90}),
    "lives too long": logout({"exp": NOW + 3_600}),
    "ends before it begins": logout({"iat": NOW + 20, "exp": NOW + 10}),
}


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize("fault", sorted(LOGOUTS))
def test_a_spoiled_logout_is_refused(fault: str) -> None:
    with pytest.raises(StatementRejectedError):
        logout_listener().verify(LOGOUTS[fault])


KEY = Issuer("ES256")
"""
The one issuer that signs all three: nothing but what is signed tells them apart.
"""


def everywhere(profile: str) -> TokenVerifier:
    """
    Accept access tokens of the issuer for every audience that there is.
    """
    one = replace(trusted(KEY, profile=profile), audiences=frozenset({AUDIENCE, RECEIVER, CHAT}))
    claims = replace(one, client_claims=("jti",))  # one that every statement has
    return verifier(claims)


def lookalikes(audience: str) -> dict[str, str]:
    """
    Return statements of the issuer that say all that an access token says, and bear their own
    type. An event with `exp` and `sub` is none; as an access token it must be refused all the same.
    """
    said = {
        "iss": ISSUER,
        "aud": audience,
        "sub": "alice",
        "iat": NOW - 10,
        "exp": NOW + 60,
        "scope": "rag.search",
        "scp": "rag.search",
    }
    return {"event": event(said, by=KEY), "logout": logout(said)}


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("audience", [AUDIENCE, RECEIVER, CHAT])
def test_no_statement_passes_for_an_access_token(profile: str, audience: str) -> None:
    for token in lookalikes(audience).values():
        with pytest.raises(TokenRejectedError, match="invalid token") as refused:
            everywhere(profile).verify(token)
        assert "step 6" in refused.value.diagnostics()


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "JWT", "jwt"])
def test_no_access_token_passes_for_a_statement(typ: str) -> None:
    """
    Not even one that says all that a statement says, to the audience of statements.
    """
    header = {"typ": typ}
    with pytest.raises(StatementRejectedError):
        logout_listener().verify(logout({"scope": "rag.search"}, header))
    assert Blame.REQUEST is blamed(event({"scope": "rag.search"}, header))


@pytest.mark.promise("statements-apart")
def test_an_event_is_no_logout_and_a_logout_no_event() -> None:
    own = {"iss": ISSUER, "aud": CHAT}
    as_logout = event(
        {**own, "exp": NOW + 60, "sub": "alice", "events": {LOGOUT_EVENT: {}}}, by=KEY
    )
    with pytest.raises(StatementRejectedError):
        logout_listener().verify(as_logout)

    as_event = {"iss": TRANSMITTER, "aud": RECEIVER, "events": {REVOKED: {}}}
    assert Blame.REQUEST is blamed(logout(as_event, by=speaker(), without=("sub", "exp")))


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize("typ", ["secevent+jwt", "application/secevent+jwt", "SecEvent+JWT"])
def test_their_own_types_are_accepted(typ: str) -> None:
    """
    The control: it is the type that tells them apart.
    """
    assert listener().verify(event(header={"typ": typ})).changes
    logouts = typ.lower().replace("secevent", "logout")
    assert logout_listener().verify(logout(header={"typ": logouts})).changes
    token = Issuer("ES256").token({"typ": "at+jwt"}, {"jti": "1"})
    assert "alice" == everywhere("rfc9068").verify(token).subject
