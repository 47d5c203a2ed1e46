"""
The schema that migrations make: the one that the code expects, and one that mixes up nobody.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from acl.model.identifiers import AuthorityId, DocumentId
from acl.model.principals import MAX_ID_BYTES
from acl.registry.database import is_current, migrate, open_database
from acl.registry.errors import RegistryMismatchError
from acl.registry.tables import metadata
from ingestion.sources.members import MAX_ID_CHARACTERS
from tests.acl.people import ALICE, BOB, EVERYONE, HANDBOOK, group, readable_by, user
from tests.acl.registry.processes import finished, start
from tests.acl.registry.registries import Registry, key_of
from tests.postgres import Server

ACCENTED = "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
SPELLINGS = (
    "Straße",
    "STRASSE",
    "Strasse",
    "strasse",
    "strasse ",
    " strasse",
    unicodedata.normalize("NFC", ACCENTED),
    unicodedata.normalize("NFD", ACCENTED),
    "ﬁle",
    "file",
    "ADMIN",
    "admin",
    "adm\N{LATIN SMALL LETTER DOTLESS I}n",
    "\N{CYRILLIC SMALL LETTER A}dmin",
    "a\N{ZERO WIDTH SPACE}dmin",
)
"""
Spellings that some collation holds for one.
"""

_TEXT_COLUMNS = """
SELECT c.relname || '.' || a.attname, l.collname
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i', 'p')
AND a.attnum > 0 AND NOT a.attisdropped AND c.relname NOT LIKE 'alembic_version%'
"""


@contextmanager
def fresh(server: Server) -> Iterator[str]:
    """
    Yield the address of an empty database.
    """
    with server.database() as name:
        yield server.address(name)


def test_migrations_make_what_the_code_expects(registry: Registry) -> None:
    engine = create_engine(registry.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
    engine.dispose()

    assert [] == found


@pytest.mark.promise("exact-ids")
def test_every_text_is_compared_byte_by_byte(postgres_registry: Registry) -> None:
    """
    Columns and indexes alike; the database's own default is another collation.
    """
    found = {str(column): collation for column, collation in postgres_registry.sql(_TEXT_COLUMNS)}

    assert {"documents.document", "members.id", "groups_pkey.id"} <= found.keys()
    assert {"C"} == set(found.values())


@pytest.mark.promise("exact-ids")
def test_ids_that_look_alike_stay_apart(registry: Registry) -> None:
    """
    As documents, as groups and as members.
    """
    groups = {group(spelling): {user(spelling)} for spelling in SPELLINGS}
    for spelling in SPELLINGS:
        registry.commit(spelling, readable_by(user(spelling)), chunks=1)
    registry.define(groups)

    view, _ = registry.reader.current()

    assert {one: frozenset(members) for one, members in groups.items()} == dict(
        view.directory.definitions
    )
    assert len(SPELLINGS) == len(view.by_digest)
    for spelling in SPELLINGS:
        found = registry.reader.keys_of(DocumentId(spelling), HANDBOOK)
        assert [key_of(spelling)] == found
        held = view.directory.standing_of({user(spelling)}).principals
        assert {user(spelling), group(spelling), EVERYONE} == held


@pytest.mark.promise("exact-ids")
def test_another_collation_would_hold_them_for_one(postgres: Server) -> None:
    """
    The control: the same spellings in a column that does not say how it is compared.
    """
    if not postgres.has_icu():
        pytest.skip("this PostgreSQL is built without ICU, and can mix up nobody")
    with postgres.database() as name:
        collation = "provider = icu, locale = 'und-u-ks-level1', deterministic = false"
        postgres.execute(f"CREATE COLLATION alike ({collation})", database=name)
        postgres.execute("CREATE TABLE people (id text COLLATE alike)", database=name)
        for spelling in SPELLINGS:
            postgres.execute("INSERT INTO people VALUES (%s)", spelling, database=name)
        found = postgres.execute("SELECT DISTINCT id FROM people", database=name)

    assert len(SPELLINGS) > len(found)


def test_the_longest_ids_are_kept(registry: Registry) -> None:
    """
    An index of PostgreSQL has a limit that SQLite does not have.
    """
    varied = "".join(chr(0x1F300 + number % 700) for number in range(MAX_ID_CHARACTERS))
    longest = "".join(chr(0x21 + number * 7 % 90) for number in range(MAX_ID_BYTES))
    owner = AuthorityId(longest[::-1])
    members = {user(longest, authority=owner), EVERYONE}
    registry.commit(varied, readable_by(user(longest)))
    registry.define({group(longest, authority=owner): members})

    assert [key_of(varied)] == registry.reader.keys_of(DocumentId(varied), None)
    assert {group(longest, authority=owner): frozenset(members)} == dict(
        registry.reader.current()[0].directory.definitions
    )


def test_processes_that_migrate_at_once_make_one_registry(postgres: Server) -> None:
    with fresh(postgres) as url:
        complaints = [finished(one) for one in [start("migrate", url) for _ in range(3)]]
        registry = open_database(url, may_write=False)
        current = is_current(registry)
        registry.close()

    assert ["", "", ""] == complaints
    assert current


def test_a_database_that_cannot_hold_every_id_is_refused(postgres: Server) -> None:
    name = postgres.new_name()
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    try:
        with pytest.raises(RegistryMismatchError) as refused:
            migrate(postgres.address(name))
    finally:
        postgres.drop(name)

    assert "ENCODING 'UTF8'" in refused.value.diagnostics()


def test_the_same_readers_are_read_back(registry: Registry) -> None:
    """
    A label of any length, and a readership of any size.
    """
    many = readable_by(*(user(f"user-{number:05}") for number in range(5_000)), ALICE, BOB)
    registry.commit("payroll", many)
    registry.change("payroll", many, label="l" * 300)

    statement = registry.statement("payroll")

    assert statement is not None
    assert ("l" * 300, many.digest()) == (statement.label, statement.readership)
    assert many == registry.reader.current()[0].by_digest[many.digest()]
