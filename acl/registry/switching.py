"""
Emergency switches at rest. A switch that was thrown back keeps its row: the past can be asked.
"""

from sqlalchemy import Connection, select

from acl.model.identifiers import Epoch
from acl.model.switches import Switch, SwitchedOff, Switches, SwitchKind
from acl.registry import tables


def load_switches(connection: Connection, *, at: Epoch | None = None) -> Switches:
    """
    Return what is switched off, now or as of a past epoch.
    """
    found = select(tables.switches)
    columns = tables.switches.c
    if at is None:
        found = found.where(columns.on_epoch.is_(None))
    else:
        back = columns.on_epoch.is_(None) | (columns.on_epoch > at)
        found = found.where(columns.off_epoch <= at, back)
    return Switches(
        SwitchedOff(Switch(SwitchKind(row.kind), row.within, row.name), row.since, row.reason)
        for row in connection.execute(found)
    )
