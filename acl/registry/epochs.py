"""
The epoch: one number that grows with every committed write that can change who may read what.
"""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from acl.model.identifiers import Epoch
from acl.registry import tables


def next_epoch(
    connection: Connection,
    *,
    now: datetime,
    documents: bool = False,
    directory: bool = False,
) -> Epoch:
    """
    Begin a new epoch in the caller's transaction, and return it.

    `documents` and `directory` say what the transaction changes: readers of the registry keep
    the part that did not change. A writer begins its epoch before it reads what it depends on:
    this row is where writers wait for each other.
    """
    number = tables.epoch.c.value + 1
    values = {"value": number}
    values |= {"documents": number} if documents else {}
    values |= {"directory": number} if directory else {}
    connection.execute(update(tables.epoch).values(values))
    epoch = Epoch(connection.scalars(select(tables.epoch.c.value)).one())
    connection.execute(insert(tables.epochs).values(epoch=epoch, at=now))
    return epoch


def mark_changed(
    connection: Connection, epoch: Epoch, *, documents: bool = False, directory: bool = False
) -> None:
    """
    Say what a transaction has changed that could not know it when its epoch began.
    """
    values = {"documents": epoch} if documents else {}
    values |= {"directory": epoch} if directory else {}
    if values:
        connection.execute(update(tables.epoch).values(values))


def epoch_at(connection: Connection, moment: datetime) -> Epoch | None:
    """
    Return the epoch that was current at a moment; nothing before the first recorded one.
    """
    found = (
        select(tables.epochs.c.epoch)
        .where(tables.epochs.c.at <= moment)
        .order_by(tables.epochs.c.epoch.desc())
        .limit(1)
    )
    number = connection.scalar(found)
    return None if number is None else Epoch(number)
