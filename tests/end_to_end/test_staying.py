"""
A sender who may push when the request begins, and no more when its body has arrived; and a
client of the same name at another issuer.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from acl.errors import ConfigurationError
from acl.identity.reader import VerifiedReader
from acl.model.revocations import SUBJECT, TokensOf
from acl.model.switches import Switch, SwitchKind
from acl.registry.switchboard import SwitchBoard
from acl.settings import load_configuration
from acl.wiring import open_ground
from readership.push_desk import PushDesk, Pusher, PushNotAllowedError
from readership.recording import Request
from readership.revoking import revoke
from tests.acl.identity.issuers import ISSUER, OTHER_ISSUER
from tests.acl.identity.readers import proven
from tests.end_to_end.event_world import (
    CONFIGURATION,
    PUSHER,
    SOURCE,
    EventWorld,
    lay_out,
    plan,
    process,
)

pytestmark = pytest.mark.promise("token-revocation")

WHERE = f"/v1/sources/{SOURCE}/documents/plan"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EventWorld]:
    with process(lay_out(tmp_path / "one")) as one:
        yield one


def revoked(world: EventWorld) -> None:
    revoke(world.configuration, TokensOf(ISSUER, SUBJECT, "alice"), "lost her laptop")


def switched_off(world: EventWorld) -> None:
    ground = open_ground(world.configuration, may_write=True)
    try:
        board = SwitchBoard(ground.database)
        board.switch_off(Switch(SwitchKind.READER, ISSUER, "alice"), "gone", now=ground.clock())
    finally:
        ground.close()


@pytest.mark.parametrize(("happens", "status"), [(revoked, 401), (switched_off, 403)])
def test_what_ends_while_a_body_is_sent_ends_the_push(
    world: EventWorld,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[EventWorld], None],
    status: int,
) -> None:
    """
    The sender was admitted; the rest of the body came later.
    """
    admit = PushDesk.admit
    assert 201 == world.http.put(WHERE, json=plan(), headers=world.token()).status_code

    def admitted_before(desk: PushDesk, *arguments: object) -> Pusher:
        pusher = admit(desk, *arguments)  # type: ignore[arg-type]
        happens(world)
        return pusher

    monkeypatch.setattr(PushDesk, "admit", admitted_before)
    for method in ("PUT", "DELETE"):
        body = plan() if method == "PUT" else None
        done = world.http.request(method, WHERE, json=body, headers=world.token())
        assert status == done.status_code, done.text


def test_a_token_that_expires_while_a_body_is_sent_ends_the_push(
    world: EventWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit = PushDesk.admit

    def admitted_long_ago(desk: PushDesk, *arguments: object) -> Pusher:
        pusher = admit(desk, *arguments)  # type: ignore[arg-type]
        later = desk.clock() + timedelta(hours=5)
        object.__setattr__(desk.senders, "clock", lambda: later)
        return pusher

    monkeypatch.setattr(PushDesk, "admit", admitted_long_ago)

    assert 401 == world.http.put(WHERE, json=plan(), headers=world.token()).status_code


def of(issuer: str) -> VerifiedReader:
    return proven(issuer=issuer, client=PUSHER, scopes=frozenset({"rag.ingest"}))


def test_a_client_of_the_same_name_at_another_issuer_pushes_nothing(
    world: EventWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A name is an issuer's own; the control is the same client of the source's issuer.
    """
    desks: list[PushDesk] = []
    admit = PushDesk.admit

    def caught(desk: PushDesk, *arguments: object) -> Pusher:
        desks.append(desk)
        return admit(desk, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(PushDesk, "admit", caught)
    assert 201 == world.http.put(WHERE, json=plan(), headers=world.token()).status_code
    (desk,) = desks

    assert SOURCE == desk._admitted(Request("r", of(ISSUER)), SOURCE).name  # noqa: SLF001 - as above
    with pytest.raises(PushNotAllowedError):
        desk._admitted(Request("r", of(OTHER_ISSUER)), SOURCE)  # noqa: SLF001 - past the signature


def test_with_two_issuers_a_source_says_whose_clients_may_push(tmp_path: Path) -> None:
    second = f'[[issuers]]\nissuer = "{OTHER_ISSUER}"\naudiences = ["other"]\n'
    text = CONFIGURATION.replace("[[transmitters]]", f"{second}[[transmitters]]")
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(lay_out(tmp_path / "two", text=text))
    assert "push_issuer says whose" in refused.value.diagnostics()

    for issuer, accepted in ((ISSUER, True), ("https://idp.nobody.example", False)):
        named = text + f'push_issuer = "{issuer}"\n'
        file = lay_out(tmp_path / str(accepted), text=named)
        if accepted:
            assert issuer == load_configuration(file).settings.sources[0].push_issuer
        else:
            with pytest.raises(ConfigurationError):
                load_configuration(file)
