"""
Throws emergency switches. Each throw commits a new epoch, so it holds at the next request.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, insert, select, update

from acl.model.switches import Switch, SwitchedOff
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import next_epoch
from acl.registry.switching import load_switches


class SwitchBoard:
    """
    Throws switches.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def off(self) -> list[SwitchedOff]:
        """
        Return everything that is switched off.
        """
        with self._database.reading() as connection:
            return load_switches(connection).all()

    def switch_off(self, switch: Switch, reason: str, *, now: datetime) -> bool:
        """
        Switch something off; say whether it was on.
        """
        with self._database.writing() as connection:
            if connection.execute(_open(switch)).first() is not None:
                return False
            epoch = next_epoch(connection, now=now)
            connection.execute(
                insert(tables.switches).values(
                    kind=switch.kind.value,
                    within=switch.within,
                    name=switch.name,
                    off_epoch=epoch,
                    since=now,
                    reason=reason,
                )
            )
            return True

    def switch_on(self, switch: Switch, *, now: datetime) -> bool:
        """
        Switch something on again; say whether it was off.
        """
        with self._database.writing() as connection:
            row = connection.execute(_open(switch)).first()
            if row is None:
                return False
            connection.execute(
                update(tables.switches)
                .where(*_is(switch), tables.switches.c.on_epoch.is_(None))
                .values(on_epoch=next_epoch(connection, now=now))
            )
            return True


def _open(switch: Switch) -> Select[tuple[str]]:
    still_off = tables.switches.c.on_epoch.is_(None)
    return select(tables.switches.c.name).where(*_is(switch), still_off)


def _is(switch: Switch) -> tuple[ColumnElement[bool], ...]:
    columns = tables.switches.c
    return (
        columns.kind == switch.kind.value,
        columns.within == switch.within,
        columns.name == switch.name,
    )
