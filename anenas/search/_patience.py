"""A search outlives a database server that is away for minutes: started again, moved, or cut off by a network."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from anenas._durations import duration
from anenas.search._address import is_refusal

if TYPE_CHECKING:
    from sqlalchemy import Engine, ExceptionContext

PATIENCE = 600.0
"""Seconds that a search waits for a database that has gone away."""

_PAUSE = 0.5  # seconds between two attempts at first, twice as long after each
_LONGEST_PAUSE = 10.0

_log = logging.getLogger(__name__)


def recognise_cuts(engine: Engine) -> None:
    """Take a connection that was reset for one that was cut, whatever its driver says of it.

    pg8000 1.31 wraps errors of its socket in its own, save those of the first byte of an answer: SQLAlchemy takes a
    bare `ConnectionResetError` for no matter of the database, and neither connects anew nor wraps it.
    """
    from sqlalchemy import event
    from sqlalchemy.exc import OperationalError

    dialect: Any = engine.dialect
    ping = dialect.do_ping

    def do_ping(connection: Any) -> bool:
        try:
            return bool(ping(connection))
        except OSError:
            return False

    def wrap(context: ExceptionContext) -> BaseException | None:
        error = context.original_exception
        if not isinstance(error, OSError):
            return None
        context.is_disconnect = True
        return OperationalError(context.statement, context.parameters, error, connection_invalidated=True)

    dialect.do_ping = do_ping
    event.listen(engine, "handle_error", wrap)


@contextlib.contextmanager
def patient(engine: Engine, place: str) -> Iterator[None]:
    """Within the block a new connection waits for a server that is away, which is told, and raises what it must in the
    end. A server that refuses is not waited for; what a statement was in the middle of fails as ever.

    Args:
        engine: Of a database that has answered before. It makes a connection anew where it finds the old one cut.
        place: Of the database, for people.
    """
    from sqlalchemy import event

    telling, away = threading.Lock(), threading.Event()  # several threads may wait, and one tells

    def connect(dialect: Any, _: object, arguments: Any, keywords: Any) -> Any:
        started, pause = time.monotonic(), _PAUSE
        while True:
            try:
                connection = dialect.connect(*arguments, **keywords)
            except (dialect.loaded_dbapi.Error, OSError) as error:
                if is_refusal(error) or time.monotonic() - started > PATIENCE:
                    raise
                with telling:
                    if not away.is_set():
                        _log.warning("%s is away; the search waits for it, %g minutes at most", place, PATIENCE / 60)
                    away.set()
            else:
                with telling:
                    if away.is_set():
                        _log.warning("%s answers again, after %s", place, duration(time.monotonic() - started))
                    away.clear()
                return connection
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    event.listen(engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(engine, "do_connect", connect)
