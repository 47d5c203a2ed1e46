"""
The audit trail: what was appended stays, and what was changed is noticed.
"""

import json
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from acl.audit.chain import GENESIS, AuditTrail, AuditUnavailableError, Checkpoint
from acl.audit.events import blinded
from acl.registry.database import open_database
from tests.acl.audit.trails import KEY, database, event, trail
from tests.properties.effort import times

RECORDS = 6
Row = tuple[int, str, str]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[tuple[AuditTrail, Path]]:
    opened = database(tmp_path)
    one = trail(tmp_path, opened)
    for number in range(RECORDS):
        one.append(event(number))
    yield one, tmp_path
    opened.close()


def sql(directory: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(directory / "audit.db")) as connection, connection:
        connection.execute(statement, values)


def rows(directory: Path) -> list[Row]:
    with closing(sqlite3.connect(directory / "audit.db")) as connection:
        return list(connection.execute("SELECT number, event, mac FROM trail ORDER BY number"))


def rewrite(directory: Path, records: list[Row]) -> None:
    with closing(sqlite3.connect(directory / "audit.db")) as connection, connection:
        connection.execute("DELETE FROM trail")
        connection.executemany("INSERT INTO trail VALUES (?, ?, ?)", records)


def test_an_empty_trail_is_whole(tmp_path: Path) -> None:
    assert (Checkpoint(0, GENESIS), ()) == _verified(trail(tmp_path))


def test_a_written_trail_is_whole(written: tuple[AuditTrail, Path]) -> None:
    one, _ = written

    head, problems = _verified(one)

    assert (RECORDS, ()) == (head.number, problems)
    assert [event(number).to_json() for number in range(RECORDS)] == list(one.events())


def test_append_returns_the_new_head(tmp_path: Path) -> None:
    one = trail(tmp_path)

    heads = [one.append(event(number)) for number in range(3)]

    assert [1, 2, 3] == [head.number for head in heads]
    assert heads[-1] == one.verify().head
    assert f"{heads[-1]}\n" == (tmp_path / "audit.checkpoint").read_text()
    assert 0o600 == stat.S_IMODE((tmp_path / "audit.checkpoint").stat().st_mode)
    assert [] == list(tmp_path.glob("*.checkpoint.*")) + list(tmp_path.glob(".*"))


def test_a_record_is_on_disk_when_append_returns(written: tuple[AuditTrail, Path]) -> None:
    """
    Another connection sees it at once, and SQLite syncs every commit.
    """
    one, directory = written
    one.append(event(99, "bob"))

    assert "bob-99" in rows(directory)[-1][1]
    with database(directory).reading() as connection:
        assert 2 == connection.exec_driver_sql("PRAGMA synchronous").scalar()


def test_every_random_edit_is_noticed(written: tuple[AuditTrail, Path]) -> None:
    """
    One byte changed, a record gone, doubled, swapped, renumbered, invented, or the tail cut.
    """
    one, directory = written
    kept = rows(directory)
    draw = np.random.default_rng(20270101)

    for _ in range(times(300)):
        changed = mutated(kept, draw)
        if changed == kept:
            continue
        rewrite(directory, changed)
        assert one.verify().problems, changed
    rewrite(directory, kept)
    assert () == one.verify().problems


def mutated(records: list[Row], draw: np.random.Generator) -> list[Row]:
    """
    Return the trail with one thing wrong.
    """
    place = int(draw.integers(len(records)))
    other = int(draw.integers(len(records)))
    number, body, mac = records[place]
    match int(draw.integers(8)):
        case 0:
            body = _byte_changed(body, draw)
        case 1:
            mac = _byte_changed(mac, draw)
        case 2:
            return records[:place]
        case 3:
            return records[:place] + records[place + 1 :]
        case 4:
            return records[:place] + [(n - 1, b, m) for n, b, m in records[place + 1 :]]
        case 5:
            shifted = [(n + 1, b, m) for n, b, m in records[place:]]
            return [*records[:place], (number, body, mac), *shifted]
        case 6:
            body, mac = records[other][1:]
        case _:
            forged = event(7, "mallory").to_json()
            return [*records, (len(records) + 1, json.dumps(forged), "0" * 64)]
    return [*records[:place], (number, body, mac), *records[place + 1 :]]


def _byte_changed(text: str, draw: np.random.Generator) -> str:
    data = bytearray(text.encode())
    data[int(draw.integers(len(data)))] ^= 1 << int(draw.integers(7))
    return data.decode()


def test_every_single_byte_of_a_record_counts(written: tuple[AuditTrail, Path]) -> None:
    one, directory = written
    number, body, _ = rows(directory)[2]

    for place in range(len(body)):
        other = "x" if body[place] != "x" else "y"
        changed = body[:place] + other + body[place + 1 :]
        sql(directory, "UPDATE trail SET event = ? WHERE number = ?", changed, number)
        assert one.verify().problems, place


@pytest.mark.parametrize("value", ["é", "", "0" * 64, b"\xff\xfe", 7])
@pytest.mark.parametrize("column", ["event", "mac"])
def test_an_edit_of_another_kind_is_noticed_and_not_a_crash(
    written: tuple[AuditTrail, Path], column: str, value: object
) -> None:
    """
    Not text, not ASCII, not even of the column's type.
    """
    one, directory = written
    sql(directory, f"UPDATE trail SET {column} = ? WHERE number = 3", value)  # noqa: S608

    assert one.verify().problems


def test_a_cut_tail_is_noticed_by_the_checkpoint(written: tuple[AuditTrail, Path]) -> None:
    """
    A chain alone cannot see it: without the checkpoint the shorter trail is whole.
    """
    one, directory = written
    sql(directory, "DELETE FROM trail WHERE number > 4")

    assert any("cut off" in problem for problem in one.verify().problems)
    (directory / "audit.checkpoint").write_text(f"4:{rows(directory)[-1][2]}\n")
    assert () == one.verify().problems


def test_a_cut_tail_is_noticed_by_whoever_wrote_a_checkpoint_down(
    written: tuple[AuditTrail, Path],
) -> None:
    """
    Against somebody who can write the checkpoint file as well.
    """
    one, directory = written
    remembered = one.verify().head
    sql(directory, "DELETE FROM trail WHERE number > 4")
    (directory / "audit.checkpoint").write_text(f"4:{rows(directory)[-1][2]}\n")

    assert one.verify(remembered=remembered).problems
    assert () == one.verify(remembered=Checkpoint(4, rows(directory)[-1][2])).problems


@pytest.mark.parametrize("content", [None, "", "six:mac", b"\xff", "6", "-1:x", "7:" + "0" * 64])
def test_a_checkpoint_that_is_gone_or_garbage_is_reported(
    written: tuple[AuditTrail, Path], content: str | bytes | None
) -> None:
    one, directory = written
    file = directory / "audit.checkpoint"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    assert one.verify().problems


def test_an_emptied_trail_is_noticed(written: tuple[AuditTrail, Path]) -> None:
    one, directory = written
    sql(directory, "DELETE FROM trail")

    assert one.verify().problems


def test_another_key_vouches_for_nothing(written: tuple[AuditTrail, Path]) -> None:
    _, directory = written

    assert RECORDS <= len(trail(directory, key=b"b" * 32).verify().problems)


def test_four_processes_write_one_whole_chain(tmp_path: Path) -> None:
    """
    Every record of every process, none lost, none doubled.
    """
    count = times(10)
    database(tmp_path).close()
    command = [sys.executable, "-m", "tests.acl.audit.trails", str(tmp_path)]
    running = [
        subprocess.Popen([*command, name, str(count)]) for name in ("alice", "bob", "carol", "dan")
    ]

    assert [0, 0, 0, 0] == [one.wait(timeout=250) for one in running]
    head, problems = _verified(trail(tmp_path))
    assert 4 * count == head.number == len({row[1] for row in rows(tmp_path)})
    assert [] == [problem for problem in problems if "checkpoint" not in problem]


@pytest.mark.promise("audit-before-release")
@pytest.mark.parametrize("fault", ["no table", "read-only", "no checkpoint", "full"])
def test_a_trail_that_cannot_be_written_is_unavailable(tmp_path: Path, fault: str) -> None:
    """
    One error, which every way out turns into a refusal.
    """
    opened = database(tmp_path)
    one = trail(tmp_path, opened)
    if fault == "no table":
        sql(tmp_path, "DROP TABLE trail")
    if fault == "read-only":
        one = trail(tmp_path, open_database(f"sqlite:///{tmp_path / 'audit.db'}", may_write=False))
    if fault == "no checkpoint":
        one = AuditTrail(opened, KEY, tmp_path / "missing" / "audit.checkpoint")
    if fault == "full":
        with opened.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(AuditUnavailableError):
        append_many(one)


def append_many(one: AuditTrail) -> None:
    for number in range(200):
        one.append(event(number))


def test_a_question_is_recorded_blinded() -> None:
    """
    Equal questions can be linked, and none can be read.
    """
    assert blinded(KEY, "salaries") == blinded(KEY, "salaries")
    assert 3 == len({blinded(KEY, "a"), blinded(KEY, "b"), blinded(b"c" * 32, "a")})
    assert "salaries" not in blinded(KEY, "salaries")


def _verified(one: AuditTrail) -> tuple[Checkpoint, tuple[str, ...]]:
    found = one.verify()
    return found.head, found.problems
