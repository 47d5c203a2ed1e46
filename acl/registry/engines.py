"""
What a database must offer to hold the registry: transactions of two kinds, and plain words.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from acl.registry.errors import RegistryUnavailableError


@dataclass(frozen=True, slots=True)
class Engines:
    """
    One opened database. `sqlite` and `postgres` make these.

    A transaction of `readers` sees one state for its whole length. Before a transaction of
    `writers` looks at anything it calls `take_turn`: whoever returns from that is the only
    writer until it commits, and sees everything that was committed before.
    """

    readers: Engine
    writers: Engine
    take_turn: Callable[[Connection], None]
    advise: Callable[[SQLAlchemyError], str]
    describe: Callable[[Connection], str]

    @contextmanager
    def answering(self) -> Iterator[None]:
        """
        Turn whatever the database reports into one error, without its parameters.

        Raises:
            RegistryUnavailableError: It did not answer, or refused.
        """
        try:
            yield
        except SQLAlchemyError as error:
            advice = self.advise(error)
            msg = f"the registry did not answer: {reported(error)}"
            raise RegistryUnavailableError(f"{msg}; {advice}" if advice else msg) from error

    def close(self) -> None:
        """
        Give back every connection.
        """
        self.readers.dispose()


def reported(error: SQLAlchemyError) -> str:
    """
    Return what the database said, without the statement and without values of rows.
    """
    if not isinstance(error, DBAPIError) or error.orig is None:
        return str(error)
    # PostgreSQL repeats the row in DETAIL; its first line does not.
    primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return str(primary or error.orig).strip()
