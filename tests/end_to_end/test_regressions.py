"""
One test for every attack on this product that once worked.
"""

import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from acl.audit.chain import trail
from acl.audit.refusals import REFUSALS_A_WINDOW
from acl.errors import ConfigurationError
from acl.identity.keysets import PinnedKeys
from acl.model.identifiers import DocumentId, SourceName
from acl.registry import tables
from acl.registry.database import open_database
from acl.registry.epochs import next_epoch
from acl.wiring import AUDIT_FILE
from ingestion.clean import MAX_MARKS, clean
from ingestion.wiring import build_source
from readership.demo.issuer import UnsafeDemoIssuer
from retrieval.api.app import RefusalRecorder
from retrieval.errors import NotFoundError
from retrieval.sanitise import sanitise
from tests.end_to_end.company import Company
from tests.retrieval.test_cite import passage

pytestmark = pytest.mark.models

ELSEWHERE = SourceName("no-longer-configured")


def test_a_stack_of_marks_is_cut_before_it_is_composed() -> None:
    """
    Composing a run of marks takes time that grows with its square.
    """
    stacked = clean("a" + "\u0301" * 50_000 + "\u0323" * 50_000).text

    assert len(stacked) <= 1 + MAX_MARKS


def test_groups_of_a_source_that_is_not_configured_grant_nothing(own_company: Company) -> None:
    """
    A group that only such a source defines is unknown, and makes nobody a reader.
    """
    ground = own_company.session.ground
    before = own_company.documents("mallory", "Heron")
    with ground.database.writing() as connection:
        connection.execute(insert(tables.sources).values(name=ELSEWHERE, authority="corp"))
        key = {"source": ELSEWHERE, "authority": "corp", "id": "engineering-guests"}
        connection.execute(insert(tables.groups).values(**key))
        member = {"group_authority": "corp", "group_id": "engineering-guests"}
        who = {"authority": "corp", "kind": "user", "id": "mallory"}
        connection.execute(insert(tables.members).values(source=ELSEWHERE, **member, **who))
        next_epoch(connection, now=datetime.now(UTC), directory=True)

    view, _ = own_company.room.permissions.current()

    named = {group.id for group in view.directory.definitions}
    assert "engineering-guests" not in named
    assert before == own_company.documents("mallory", "Heron")
    with ground.database.writing() as connection:
        for table in (tables.members, tables.groups):
            connection.execute(delete(table).where(table.c.source == ELSEWHERE))
        connection.execute(delete(tables.sources).where(tables.sources.c.name == ELSEWHERE))
        next_epoch(connection, now=datetime.now(UTC), directory=True)


def test_a_cut_audit_trail_does_not_heal(own_company: Company) -> None:
    """
    Requests after the cut must not move the checkpoint that shows it.
    """
    for _ in range(4):
        own_company.search("alice", "Heron")
    audit = open_database(
        f"sqlite:///{own_company.configuration.data_dir / AUDIT_FILE}", may_write=True
    )
    head = own_company.ground.trail.verify().head.number
    with audit.writing() as connection:
        connection.execute(delete(trail).where(trail.c.number > head - 3))
    audit.close()
    assert own_company.ground.trail.verify().problems

    for _ in range(6):
        own_company.search("alice", "Heron")

    assert own_company.ground.trail.verify().problems


def test_a_flood_of_bad_tokens_does_not_fill_the_trail(company: Company) -> None:
    """
    Beyond a rate they are counted, and the next record says how many.
    """
    now = datetime.now(UTC)
    later = [now]
    recorder = RefusalRecorder(company.ground.trail, lambda: later[0])
    before = company.ground.trail.verify().head.number
    for _ in range(REFUSALS_A_WINDOW + 25):
        recorder(NotFoundError("x"), "0")
    assert REFUSALS_A_WINDOW == company.ground.trail.verify().head.number - before

    later[0] = now + timedelta(seconds=11)
    recorder(NotFoundError("x"), "0")

    *_, last = company.ground.trail.events()
    assert isinstance(last["details"], dict)
    assert 25 == last["details"]["unrecorded_before"]


def test_a_source_cannot_reach_into_the_data_directory(company: Company) -> None:
    """
    A document could otherwise name a key file as its content.
    """
    source = company.configuration.settings.sources[0]
    for path in (Path(), Path("data"), Path("data/keys"), Path("..")):
        with pytest.raises(ConfigurationError) as refused:
            build_source(company.ground, source.model_copy(update={"path": path}))
        assert "folder of its own" in refused.value.diagnostics()


def test_a_replaced_key_file_is_read_again_whatever_its_times_say(tmp_path: Path) -> None:
    """
    A copy may keep size and time of modification.
    """
    UnsafeDemoIssuer.create(tmp_path)
    path = tmp_path / "unsafe-demo-issuer.jwks.json"
    pinned = PinnedKeys(path)
    assert pinned.load()
    before = path.stat()
    keys = json.loads(path.read_text(encoding="utf-8"))
    keys["keys"][0]["kid"] = keys["keys"][0]["kid"][::-1]
    time.sleep(0.01)
    path.write_text(json.dumps(keys), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert list(pinned.load()) == [keys["keys"][0]["kid"]]


def test_absurd_lengths_are_too_large_and_no_error(company: Company) -> None:
    answer = company.http.post(
        "/v1/search",
        content=b"{}",
        headers={**company.bearer("alice"), "Content-Length": "9" * 5_000},
    )

    assert 413 == answer.status_code


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https://x y", "//x"])
def test_only_pages_are_cited(url: str) -> None:
    assert "" == sanitise(replace(passage("x"), url=url)).url


def test_a_document_that_is_not_there_is_looked_for_as_one_that_is_hidden(
    company: Company,
) -> None:
    """
    The same statements are run for both, in the same number.
    """
    asked: list[int] = []

    class Spy:
        """
        Counts the keys that are asked for.
        """

        def __getattr__(self, name: str) -> object:
            return getattr(company.room.permissions, name)

        def look_up(self, keys: list[str]) -> object:
            asked.append(len(keys))
            return company.room.permissions.look_up(keys)  # type: ignore[arg-type]

    rechecker = replace(company.room.rechecker, permissions=Spy())  # type: ignore[arg-type]
    room = replace(company.room, rechecker=rechecker)
    header = [company.bearer("bob")["Authorization"]]
    for document in ("eng-heron-plan", "no-such-document"):
        with pytest.raises(NotFoundError):
            room.document(header, DocumentId(document), None)

    assert 2 == len(asked)
    assert asked[0] == asked[1] > 0
