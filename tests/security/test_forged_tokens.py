"""
The attack list and a flood of mutations, over HTTP and at the verifier: nothing gets in, nothing
breaks, nobody is asked, and nothing of a token is kept.
"""

import logging
import socket
import tracemalloc
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from acl.identity.errors import TokenRejectedError
from acl.identity.linking import IdentityLink, link
from acl.identity.tokens import TokenVerifier
from retrieval.answer import ReadingRoom
from tests.acl.identity.forgeries import FORGERIES, genuine
from tests.acl.identity.issuers import (
    ALGORITHMS,
    ISSUER,
    OTHER_ISSUER,
    Issuer,
    b64,
    trusted,
    unb64,
    verifier,
)
from tests.acl.people import ACME, ALICE, CORP, WIKI, user
from tests.properties.effort import DEEP
from tests.retrieval.mcp.speaking import ERAS
from tests.scenarios.installation import Installation
from tests.security.knocking import SEARCH, Door, agents_door, knock

MUTATIONS: Final = 1_000_000 if DEEP else 4_000
TRACED: Final = 400
MEGABYTE: Final = 1_000_000
DOORS: Final = {"search": SEARCH} | {f"mcp {era}": agents_door(era) for era in ERAS}
doors = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"


def room(shared: Installation, algorithm: str) -> ReadingRoom:
    """
    Return a reading room that trusts two issuers with one `kid`, both by this algorithm.
    """
    ours = trusted(Issuer(algorithm))
    theirs = trusted(Issuer(algorithm, owner="globex", issuer=OTHER_ISSUER))
    issuers = {one.issuer: one for one in (ours, theirs)}
    return replace(shared.room([], ["corp"]), verifier=TokenVerifier(issuers, shared.clock))


@pytest.fixture
def egress(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """
    Every address that somebody looks up or connects to.
    """
    asked: list[object] = []

    def spy(*arguments: Any, **_: object) -> None:  # noqa: ANN401
        asked.append(arguments)
        msg = "spied"
        raise OSError(msg)

    monkeypatch.setattr(socket, "getaddrinfo", spy)
    monkeypatch.setattr(socket.socket, "connect", spy)
    monkeypatch.setattr(socket.socket, "connect_ex", spy)
    return asked


@pytest.mark.promise("forged-token")
@pytest.mark.promise("uniform-401")
@doors
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_forged_token_gets_one_answer_byte_for_byte(
    shared: Installation, algorithm: str, door: Door, egress: list[object]
) -> None:
    """
    Three hundred and more by each algorithm: one status, one set of headers, one body. Only an
    empty one is answered like none (RFC 6750, section 3.1).
    """
    tokens = [forge(Issuer(algorithm)) for forge in FORGERIES.values()]

    replies = knock(room(shared, algorithm), filter(None, tokens), door)

    assert len(replies) >= 300
    assert {401} == {one.status for one in replies}
    assert 1 == len({one.but_for_its_id() for one in replies})
    assert [] == egress


@pytest.mark.promise("forged-token")
@doors
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_their_makers_unspoiled_tokens_get_in(
    shared: Installation, algorithm: str, door: Door
) -> None:
    """
    The control, by the same way.
    """
    makers = {genuine(one) for one in FORGERIES}

    replies = knock(room(shared, algorithm), (make(Issuer(algorithm)) for make in makers), door)

    assert len(makers) >= 8
    assert {200} == {one.status for one in replies}


@pytest.mark.promise("forged-token")
def test_an_egress_spy_that_sees_nothing_would_be_noticed(egress: list[object]) -> None:
    with pytest.raises(OSError, match="spied"):
        socket.create_connection(("127.0.0.1", 9), timeout=1)

    assert egress


@pytest.mark.promise("uniform-401")
@pytest.mark.parametrize("path", ["/v1/search", "/v1/explain", "/v1/vector_stores/all/search"])
def test_what_is_malformed_is_told_to_nobody_who_proves_nothing(
    shared: Installation, path: str
) -> None:
    """
    Their malformed requests get what their well-formed ones get; the control is who proves it.
    """
    issuer = Issuer("ES256")
    forged = FORGERIES["another key of the same kid"](issuer)

    asked = room(shared, "ES256")
    (malformed,) = knock(asked, [forged], Door(path, {"unknown": 1}))
    (well_formed,) = knock(asked, [forged], SEARCH)
    (known,) = knock(asked, [issuer.token()], Door(path, {"unknown": 1}))

    assert (401, True) == (malformed.status, known.status in {400, 422})
    assert b"www-authenticate" in dict(malformed.headers)
    if path == SEARCH.path:
        assert malformed.but_for_its_id() == well_formed.but_for_its_id()


def mutated(token: str, drawn: np.random.Generator) -> str:
    """
    Return a token with a few faults in it: in its text, or in the JSON that it encodes.
    """
    if drawn.integers(2):
        text = list(token)
        for _ in range(int(drawn.integers(1, 4))):
            place = int(drawn.integers(len(text)))
            with_ = ALPHABET[int(drawn.integers(len(ALPHABET)))]
            match int(drawn.integers(4)):
                case 0:
                    text[place] = with_
                case 1:
                    text.insert(place, with_)
                case 2 if len(text) > 1:
                    del text[place]
                case _:
                    text[place:] = text[place:] + text[place : place + int(drawn.integers(40))]
        return "".join(text)
    parts = [unb64(part) for part in token.split(".")]
    chosen = int(drawn.integers(3))
    spoiled = bytearray(parts[chosen])
    for _ in range(int(drawn.integers(1, 4))):
        spoiled[int(drawn.integers(len(spoiled)))] = int(drawn.integers(256))
    parts[chosen] = bytes(spoiled)
    return ".".join(map(b64, parts))


@pytest.mark.promise("forged-token")
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_mutation_of_a_good_token_is_accepted(algorithm: str) -> None:
    """
    Nor does any end in another error than the one.
    """
    drawn = np.random.default_rng(11)
    issuer = Issuer(algorithm)
    judge, token = verifier(trusted(issuer)), issuer.token()
    accepted = []
    for _ in range(MUTATIONS // len(ALGORITHMS)):
        spoiled = mutated(token, drawn)
        if spoiled == token:
            continue
        try:
            accepted.append((spoiled, judge.verify(spoiled)))
        except TokenRejectedError:
            continue

    assert [] == accepted
    assert "alice" == judge.verify(token).subject


@pytest.mark.promise("forged-token")
def test_judging_a_token_takes_less_than_a_megabyte() -> None:
    """
    Also where a token is the longest that is read, is nested, or asks to be unpacked.
    """
    drawn = np.random.default_rng(12)
    issuer = Issuer("ES256")
    judge = verifier(trusted(issuer))
    tokens = [mutated(issuer.token(), drawn) for _ in range(TRACED)]
    tokens += [forge(issuer) for forge in FORGERIES.values()]
    tokens += [issuer.token(claims={"x": "a" * 11_000}), issuer.token(claims={"x": [[]] * 2_500})]
    assert "alice" == judge.verify(issuer.token()).subject  # what is loaded once is loaded
    most = 0
    tracemalloc.start()
    try:
        for token in tokens:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                judge.verify(token)
            except TokenRejectedError as error:
                del error
            most = max(most, tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()

    assert 10_000 < most < MEGABYTE


@pytest.mark.promise("forged-token")
@pytest.mark.promise("identity-exact")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_two_issuers_with_one_subject_and_one_kid_are_never_one_reader(algorithm: str) -> None:
    """
    Each only by its own key and name, and each another principal.
    """
    ours, theirs = Issuer(algorithm), Issuer(algorithm, owner="globex", issuer=OTHER_ISSUER)
    judge = verifier(trusted(ours), trusted(theirs))
    links = [IdentityLink(ISSUER, "sub", CORP), IdentityLink(OTHER_ISSUER, "sub", WIKI)]

    found = [link(judge.verify(one.token()), links, ACME) for one in (ours, theirs)]

    assert [{ALICE}, {user("alice", authority=WIKI)}] == found
    assert found[0].isdisjoint(found[1])
    for one, name in ((ours, OTHER_ISSUER), (theirs, ISSUER)):
        with pytest.raises(TokenRejectedError):
            judge.verify(one.token(claims={"iss": name}))


def _kept(shared: Installation) -> bytes:
    files = [one for one in shared.directory.rglob("*") if one.is_file()]
    return b"".join(one.read_bytes() for one in files)


def _parts(token: str) -> list[str]:
    """
    Return the pieces of a token that would give it away: the middle of each part.
    """
    return [part[8:-8] for part in token.split(".") if len(part) >= 40]


@pytest.mark.promise("token-kept-nowhere")
def test_nothing_of_a_token_is_logged_answered_or_recorded(
    shared: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Of good ones and of bad ones: not in an answer, a log line, the audit trail, or any file.
    """
    caplog.set_level(logging.DEBUG)
    issuer = Issuer("ES256")
    good = [issuer.token(claims={"jti": f"canary-{number}"}) for number in range(3)]
    bad = [forge(issuer) for name, forge in FORGERIES.items() if "deep" not in name]
    before = shared.clock.now

    replies = knock(room(shared, "ES256"), [*good, *bad])

    assert {200, 401} == {one.status for one in replies}
    told = caplog.text.encode() + b"".join(one.body for one in replies) + _kept(shared)
    pieces = {piece[:400] for token in (*good, *bad[::12]) for piece in _parts(token)}
    assert [] == [piece for piece in pieces if _in(piece, told)]
    assert b"step 4" in told, "refusals are recorded, and with their reasons"
    assert before == shared.clock.now


def _in(piece: str, told: bytes) -> bool:
    return piece.encode("utf-8", "surrogatepass") in told


@pytest.mark.promise("token-kept-nowhere")
def test_a_token_in_a_log_would_be_noticed(caplog: pytest.LogCaptureFixture) -> None:
    """
    The control.
    """
    token = Issuer("ES256").token()
    logging.getLogger("careless").error("refused %s", token)

    assert _parts(token)
    assert all(_in(piece, caplog.text.encode()) for piece in _parts(token))
