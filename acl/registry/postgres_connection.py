"""
A connection that does not wait without end. The only file that imports the driver.

The server's own limits end what is slow. They do not end what is silent: a server that is
frozen, or a proxy that keeps the connection of a dead one open, would hold us for ever.
"""

from time import monotonic

from psycopg import Connection, OperationalError
from psycopg.abc import RV, PQGen
from psycopg.rows import TupleRow


class PatientConnection(Connection[TupleRow]):
    """
    Gives up, and closes itself, when the server says nothing for too long.
    """

    patience_seconds: float = 60.0

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """
        Wait for the server, but not longer than our patience.

        Raises:
            OperationalError: It said nothing, and the connection is closed; or what it said.
        """
        limit = self.patience_seconds if timeout is None else timeout
        started = monotonic()
        try:
            return super().wait(gen, interval=interval, timeout=limit)
        except OperationalError:
            if monotonic() - started < limit:
                raise
            # Its answer may still come, and would be taken for that of the next question.
            self.pgconn.finish()
            msg = f"the server said nothing for {limit:.0f} s"
            raise OperationalError(msg) from None
