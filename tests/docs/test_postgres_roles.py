"""
The roles that the documents tell operators to create are enough, and no more than enough.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from acl.model.revocations import CutOff, StatementId, TokensOf
from acl.registry.database import migrate, open_database
from acl.registry.errors import RegistryUnavailableError
from acl.registry.revoking import Applied, RevocationBoard
from acl.registry.turn import sync_turn
from tests.docs.pages import OPERATIONS, section_of
from tests.postgres import OwnServer, Server


@pytest.fixture
def server(postgres: Server) -> Iterator[OwnServer]:
    """
    A server on which everything was done that the page says, and is undone afterwards.
    """
    if not isinstance(postgres, OwnServer):
        pytest.skip("the names of the page may mean something on a given server")
    page = section_of(OPERATIONS, "## PostgreSQL")
    (written,) = re.findall(r"^```sql\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    before, connect, after = re.sub(r"--.*", "", written).partition("\\connect readership\n")
    assert connect
    for part, database in ((before, ""), (after, "readership")):
        for statement in filter(str.strip, part.split(";")):
            postgres.execute(statement, database=database)
    yield postgres
    postgres.drop("readership")
    postgres.execute("DROP ROLE readership_sync, readership_serve")


def test_one_role_syncs_and_the_other_only_reads(server: OwnServer) -> None:
    syncing = server.address("readership", user="readership_sync")
    serving = server.address("readership", user="readership_serve")
    migrate(syncing)
    writer = open_database(syncing, may_write=True)
    with sync_turn(syncing) as turn:
        assert turn is not None
        with turn.announce(writer).writing() as connection:
            connection.execute(text("UPDATE epoch SET value = value + 1"))
    writer.close()

    migrate(serving)
    reader = open_database(serving, may_write=True)

    assert "epoch 2" in reader.describe()
    for statement in ("UPDATE epoch SET value = 9", "CREATE TABLE mine (id integer)"):
        with pytest.raises(RegistryUnavailableError), reader.writing() as connection:
            connection.execute(text(statement))
        with pytest.raises(RegistryUnavailableError):
            raw(server, statement)
    reader.close()


@pytest.mark.promise("token-revocation")
def test_the_reading_role_can_be_let_revoke_and_no_more(server: OwnServer) -> None:
    """
    What the page grants is enough for statements of issuers, and changes no permission.
    """
    migrate(server.address("readership", user="readership_sync"))
    serving = open_database(server.address("readership", user="readership_serve"), may_write=True)
    board, now = RevocationBoard(serving), datetime.now(UTC)
    alice = TokensOf("https://idp.acme.example", "sub", "alice")

    def told(jti: str) -> Applied:
        made = StatementId("event", alice.issuer, jti)
        later = now + timedelta(seconds=len(jti))
        return board.apply([CutOff(alice, later)], reason="a test", now=later, statement=made)

    with pytest.raises(RegistryUnavailableError):
        told("1")
    page = section_of(OPERATIONS, "## Revoking tokens")
    (written,) = re.findall(r"^```sql\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for statement in filter(str.strip, written.split(";")):
        server.execute(statement, database="readership")

    assert None not in {told("1").epoch, told("22").epoch}
    assert told("1").repeated
    for statement in (
        "UPDATE sources SET name = 'x'",
        "DELETE FROM epochs",
        "DELETE FROM switches",
    ):
        with pytest.raises(RegistryUnavailableError):
            raw(server, statement)
    serving.close()


def raw(server: OwnServer, statement: str) -> None:
    """
    Try it without what our own code does before.
    """
    address = server.address("readership", user="readership_serve")
    database = open_database(address, may_write=True)
    engines = database._engines  # noqa: SLF001 - the way round
    try:
        with engines.answering(), engines.writers.begin() as connection:
            connection.execute(text(statement))
    finally:
        database.close()
