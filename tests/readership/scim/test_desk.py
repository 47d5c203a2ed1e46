"""
Who may provision, decided before anything of a request is read.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from acl.errors import ReadershipError
from acl.identity.errors import TokenRejectedError
from acl.model.switches import Switch, SwitchKind
from acl.registry.switchboard import SwitchBoard
from acl.settings import load_configuration
from acl.wiring import prepare_data_dir
from readership.demo.issuer import UNSAFE_DEMO_ISSUER, UnsafeDemoIssuer
from readership.provisioning import open_scim_desk
from readership.scim.desk import Provisioner, ScimDesk
from readership.scim.errors import ProvisioningNotAllowedError
from retrieval.errors import InsufficientScopeError, NotAuthenticatedError, SwitchedOffError
from tests.end_to_end.scim_world import CONFIGURATION, DIRECTORY, IDP


@dataclass
class Office:
    """
    A desk, and whoever comes to it.
    """

    desk: ScimDesk
    issuer: UnsafeDemoIssuer

    def admit(
        self, client: str = IDP, scope: str = "rag.scim", subject: str = "service"
    ) -> Provisioner:
        token = self.issuer.token(subject, scope=scope, client=client)
        return self.desk.admit([f"Bearer {token}"], "request", "list users")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    issuer = UnsafeDemoIssuer.create(tmp_path)
    file = tmp_path / "readership.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    file.chmod(0o600)
    configuration = load_configuration(file)
    prepare_data_dir(configuration)
    with ExitStack() as stack:
        yield Office(open_scim_desk(configuration, stack), issuer)


@pytest.mark.promise("scim-authorised")
def test_the_directorys_client_is_admitted_to_its_directory(office: Office) -> None:
    """
    The control of everything below.
    """
    assert DIRECTORY == office.admit().directory.name
    assert DIRECTORY == office.admit(scope="rag.search rag.scim").directory.name


@pytest.mark.promise("scim-authorised")
@pytest.mark.parametrize("scope", ["rag.search", "rag.ingest rag.audit", "rag.scim.read", ""])
def test_a_token_for_something_else_is_refused(office: Office, scope: str) -> None:
    # An access token without a scope proves nothing where the profile wants one.
    expected = (InsufficientScopeError, TokenRejectedError)
    with pytest.raises(expected):
        office.admit(scope=scope)


@pytest.mark.promise("scim-authorised")
@pytest.mark.parametrize("client", ["another", "IDP", "pusher", "idp "])
def test_a_client_of_no_directory_is_refused(office: Office, client: str) -> None:
    with pytest.raises(ProvisioningNotAllowedError):
        office.admit(client=client, subject=client)


@pytest.mark.promise("scim-authorised")
@pytest.mark.parametrize(("kind", "name"), [("client", IDP), ("reader", "service")])
def test_who_is_switched_off_is_refused(office: Office, kind: str, name: str) -> None:
    one = Switch(SwitchKind(kind), UNSAFE_DEMO_ISSUER, name)
    SwitchBoard(office.desk.senders.database).switch_off(one, "a test", now=office.desk.clock())

    with pytest.raises(SwitchedOffError):
        office.admit()


@pytest.mark.promise("scim-authorised")
def test_no_token_and_two_are_refused(office: Office) -> None:
    token = office.issuer.token("service", scope="rag.scim", client=IDP)
    for headers in ([], [f"Bearer {token}"] * 2, [f"Basic {token}"]):
        with pytest.raises(NotAuthenticatedError):
            office.desk.admit(headers, "request", "list users")


def test_a_refusal_is_recorded(office: Office) -> None:
    with pytest.raises(ReadershipError):
        office.admit(client="another", subject="another")

    events: list[dict[str, Any]] = list(office.desk.records.trail.events())
    event = events[-1]

    assert ("provision", "refused", "another") == (
        event["action"],
        event["outcome"],
        event["client"],
    )
    assert "provisioning_not_allowed" == event["details"]["code"]
