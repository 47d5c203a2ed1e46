"""
The audit trail: one durable, hash-chained sequence of events.

- Every record's MAC covers its number, its canonical JSON and the MAC before it, under the
  audit key. Editing, inserting, dropping or reordering breaks the chain from there on.
- A chain cannot notice that its newest records were cut off. A checkpoint file beside the
  database remembers the newest one; `verify` also accepts one that somebody wrote down
  elsewhere, which is what protects against whoever can write to this directory.
- `append` returns after the record is on disk. Callers release nothing before it has.
"""

import hashlib
import hmac
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, insert, select

from acl.audit.events import AuditEvent
from acl.errors import ReadershipError
from acl.registry.database import Database

logger = logging.getLogger(__name__)

GENESIS = "0" * 64

metadata = MetaData()
trail = Table(
    "trail",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
    Column("mac", String(64), nullable=False),
)


class AuditUnavailableError(ReadershipError):
    """
    The record could not be made durable, so nothing may be released.
    """

    public_message = "the service is temporarily unavailable"
    code = "audit_unavailable"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    The number and MAC of one record; number 0 is the empty trail.
    """

    number: int
    mac: str

    def __str__(self) -> str:
        return f"{self.number}:{self.mac}"


@dataclass(frozen=True, slots=True)
class Verification:
    """
    What `verify` found: `problems` is empty if the trail is whole.
    """

    head: Checkpoint
    problems: tuple[str, ...]


class AuditTrail:
    """
    Appends to and verifies one trail. Any number of processes may append.
    """

    def __init__(self, database: Database, key: bytes, checkpoint_file: Path) -> None:
        self._database = database
        self._key = key
        self._checkpoint_file = checkpoint_file

    def append(self, event: AuditEvent) -> Checkpoint:
        """
        Make one record durable.

        Raises:
            AuditUnavailableError: It is not durable; release nothing.
        """
        body = json.dumps(event.to_json(), sort_keys=True, separators=(",", ":"))
        newest = select(trail.c.number, trail.c.mac).order_by(trail.c.number.desc()).limit(1)
        try:
            with self._database.writing() as connection:
                row = connection.execute(newest).one_or_none()
                number, before = (row.number, row.mac) if row else (0, GENESIS)
                head = Checkpoint(number + 1, self._mac(number + 1, before, body))
                record = {"number": head.number, "event": body, "mac": head.mac}
                connection.execute(insert(trail).values(**record))
                cut = self._was_cut(connection)
            if not cut:
                self._remember(head)
        except ReadershipError as error:
            raise AuditUnavailableError(error.diagnostics()) from error
        except OSError as error:
            msg = f"{self._checkpoint_file} cannot be written: {error.strerror}"
            raise AuditUnavailableError(msg) from error
        return head

    def events(self) -> Iterator[dict[str, object]]:
        """
        Yield every recorded event, oldest first, without verifying.
        """
        with self._database.reading() as connection:
            for body in connection.scalars(select(trail.c.event).order_by(trail.c.number)):
                yield json.loads(body)

    def verify(self, *, remembered: Checkpoint | None = None) -> Verification:
        """
        Recompute the whole chain; compare it with the checkpoint file and with `remembered`.
        """
        problems: list[str] = []
        macs = {0: GENESIS}
        number, before = 0, GENESIS
        with self._database.reading() as connection:
            for row in connection.execute(select(trail).order_by(trail.c.number)):
                if row.number != number + 1:
                    problems.append(f"record {number + 1} is missing")
                expected = self._mac(row.number, before, row.event)
                # As bytes: an edited record may hold anything.
                if not hmac.compare_digest(expected.encode(), str(row.mac).encode()):
                    problems.append(f"record {row.number} or its predecessor was changed")
                number, before = row.number, row.mac
                macs[number] = before
        checkpoints = [known for known in (self._checkpoint(problems), remembered) if known]
        problems += [
            f"the trail does not contain checkpoint {known}: it was cut off"
            for known in checkpoints
            if macs.get(known.number) != known.mac
        ]
        return Verification(Checkpoint(number, before), tuple(problems))

    def _was_cut(self, connection: Connection) -> bool:
        # The checkpoint then stays where it is, so that `verify` goes on telling.
        known = self._checkpoint([])
        if known is None:
            return False
        there = connection.scalar(select(trail.c.mac).where(trail.c.number == known.number))
        if there == known.mac:
            return False
        logger.critical("the audit trail was cut off or replaced before record %s", known.number)
        return True

    def _mac(self, number: int, before: str, body: str) -> str:
        covered = f"{number}\n{before}\n{body}".encode()
        return hmac.new(self._key, covered, hashlib.sha256).hexdigest()

    def _checkpoint(self, problems: list[str]) -> Checkpoint | None:
        try:
            number, _, mac = self._checkpoint_file.read_text().strip().partition(":")
            return Checkpoint(int(number), mac)
        except FileNotFoundError:
            with self._database.reading() as connection:
                if connection.execute(select(trail.c.number).limit(1)).one_or_none():
                    problems.append(f"the checkpoint file {self._checkpoint_file} is gone")
            return None
        except (OSError, ValueError):
            problems.append(f"the checkpoint file {self._checkpoint_file} cannot be read")
            return None

    def _remember(self, head: Checkpoint) -> None:
        # Written after the commit and not synced: it may lag behind, never run ahead.
        draft = self._checkpoint_file.with_name(f".{head.number}.{os.getpid()}.checkpoint")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{head}\n")
        draft.replace(self._checkpoint_file)
