"""Addresses of databases that several machines share: read, kept without their password, and told without it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anenas._errors import AnenasError, causes, first_line, plain
from anenas._files import is_file, write_whole

if TYPE_CHECKING:
    from sqlalchemy import URL

ADDRESS = "ANENAS_STORAGE"
"""The environment variable that names one, where no option does; it may hold the password."""

ANSWER_SECONDS = 10.0
"""How long a database may take to answer before it is taken for away."""

_STATEMENT_SECONDS = 60.0  # that one statement may take
_TLS = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_RECORD = "storage.json"
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
# The first is that of `anenas[postgresql]`, or the one to install.
_DRIVERS = {"postgresql": ("pg8000", "psycopg", "psycopg2"), "mysql": ("pymysql",), "mariadb": ("pymysql",)}
_HOW = "expected such as postgresql://USER@HOST/DATABASE"

_passwords: dict[str, str] = {}  # that this process was given, by the address without

# What a server says no with: SQLSTATE of PostgreSQL, number of MySQL.
_STARTING = ("57P03",)
_REFUSALS = {
    ("28P01", "28000", 1045): "the password or the user is wrong; {password}",
    ("3D000", 1049): "there is no database '{database}'; create it, or name another",
    ("42501", 1044, 1142): "the user '{user}' may not do that ({message}); grant the right to create and write tables",
    ("53300", 1040): "it has too many connections; end some, or let it have more",
    _STARTING: "it is starting or stopping; wait a moment and run again",
    (1406,): "MySQL keeps 64 kB of what belongs together, and this study has more; keep it in PostgreSQL or SQLite",
}


def read_address(text: str) -> URL:
    """An address that a user gave.

    Raises:
        AnenasError: If it is none of a database server. The message holds nothing of the address that may be secret.
    """
    import sqlalchemy

    try:
        url = sqlalchemy.make_url(text)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise AnenasError(f"storage: this is not the address of a database; {_HOW}") from None
    if url.get_backend_name() == "sqlite":
        raise AnenasError("storage: SQLite is the default of a store: name the store's folder with `store`")
    if text.count("@") > 1:
        raise AnenasError("storage: an address has only one '@'; in a password write '@' as %40 and '/' as %2F")
    if not url.database:
        raise AnenasError(f"storage: the address has no database name; {_HOW}")
    return url


def shown(url: URL) -> str:
    """An address for people and files: without its password, and without what may be one among its options."""
    return _bare(url).render_as_string(hide_password=True)


def address_of(store: Path) -> URL | None:
    """Where the studies of a store are, with the password where one is known; None for SQLite in its folder.

    Raises:
        AnenasError: If what the store says of it is damaged.
    """
    record = store / _RECORD
    if not is_file(record):
        return None
    try:
        url = read_address(json.loads(record.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError, AnenasError) as error:
        raise AnenasError(
            f"{record} is damaged ({first_line(error)}); remove it and name the database with `storage` again"
        ) from None
    return url.set(password=url.password or _known_password(url))


def keep_address(store: Path, url: URL) -> None:
    """Note in a store where its studies are; the password is known to this process alone."""
    write_whole(store / _RECORD, json.dumps({"url": shown(url)}) + "\n")


def remember_password(url: URL) -> None:
    """Let this process use the password of an address wherever the same address is met without."""
    if url.password:
        _passwords[shown(url)] = str(url.password)


def is_same_place(one: URL, other: URL) -> bool:
    """Whether two addresses are of one database, whoever asks for it and through which driver."""

    def place(url: URL) -> tuple[object, ...]:
        backend = url.get_backend_name()
        return backend, url.host, url.port or _PORTS.get(backend), url.database, url.query.get("host")

    return place(one) == place(other)


def _known_password(url: URL) -> str | None:
    if found := _passwords.get(shown(url)):
        return found
    given = os.environ.get(ADDRESS)
    with contextlib.suppress(AnenasError):
        if given and is_same_place(other := read_address(given), url) and other.username == url.username:
            return None if other.password is None else str(other.password)
    return None


def _bare(url: URL) -> URL:
    secret = [name for name in url.query if "pass" in name.casefold()]
    return url._replace(password=None).difference_update_query(secret)  # `set` leaves what is set to None


# Connecting


def connectable(url: URL) -> tuple[URL, dict[str, Any]]:
    """The address with its driver and password, and what the driver is to be given besides.

    Raises:
        AnenasError: If no driver is installed, or nobody answers there within `ANSWER_SECONDS`.
    """
    url = _with_driver(url)
    arguments: dict[str, Any] = {}
    if url.get_driver_name() == "pg8000":
        url, arguments = _like_libpq(url)
    _check_answer(url)
    return url, arguments


def _with_driver(url: URL) -> URL:
    import sqlalchemy

    if drivers := _DRIVERS.get(url.drivername):
        found = next((name for name in drivers if importlib.util.find_spec(name)), drivers[0])
        url = url.set(drivername=f"{url.drivername}+{found}")
    try:
        url.get_dialect().import_dbapi()
    except sqlalchemy.exc.NoSuchModuleError:
        meant = "; did you mean postgresql?" if url.drivername == "postgres" else f"; {_HOW}"
        raise AnenasError(f"storage: unknown kind of database '{plain(url.drivername)}'{meant}") from None
    except ImportError as error:
        known = {"postgresql": "pip install 'anenas[postgresql]'"} | dict.fromkeys(
            ("mysql", "mariadb"), "pip install pymysql"
        )
        extra = known.get(url.get_backend_name(), "install it with pip")
        raise AnenasError(
            f"storage: the driver of {url.drivername} is not installed ({first_line(error)}): {extra}"
        ) from None
    return url


def _like_libpq(url: URL) -> tuple[URL, dict[str, Any]]:
    """What libpq does for other drivers: the user and the password from where PostgreSQL's tools have them, and TLS."""
    host, port = url.host or "localhost", url.port or _PORTS["postgresql"]
    user = url.username or os.environ.get("PGUSER") or os.environ.get("USER") or "postgres"
    password = url.password or os.environ.get("PGPASSWORD") or _of_pgpass(host, port, str(url.database), user)
    # Without any password the driver fails where the server asks for one.
    arguments = {"ssl_context": _tls(url), "timeout": _STATEMENT_SECONDS, "password": password or ""}
    url = url.difference_update_query(["sslmode", "sslrootcert"])
    return url.set(username=user, host=host), arguments


def _of_pgpass(*wanted: object) -> str | None:
    """The password of the first line for that host, port, database and user in PostgreSQL's own file of passwords."""
    file = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    try:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            return None  # others can read it: PostgreSQL's tools leave it alone, too
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    for line in lines:
        *fields, password = _fields(line)
        if len(fields) == len(wanted) and all(f in ("*", str(w)) for f, w in zip(fields, wanted, strict=True)):
            return password
    return None


def _fields(line: str) -> list[str]:
    """Fields between colons, of which "\\:" is none."""
    found, escaped = [""], False
    for sign in line:
        if escaped or sign not in "\\:":
            found[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            found.append("")
    return found


def _tls(url: URL) -> Any:
    import ssl

    mode = url.query.get("sslmode", "prefer")
    if mode not in _TLS:
        raise AnenasError(f"storage: unknown sslmode; expected one of {', '.join(_TLS)}")
    if mode in ("disable", "allow", "prefer"):
        return False if mode == "disable" else None  # the driver's own: encrypted where the server can
    authority = url.query.get("sslrootcert")
    try:
        context = ssl.create_default_context(cafile=authority if isinstance(authority, str) else None)
    except OSError as error:
        raise AnenasError(f"storage: sslrootcert {authority}: {error.strerror or error}") from None
    if mode != "verify-full":
        context.check_hostname = False
        if mode != "verify-ca":  # encrypted, whoever it is
            context.verify_mode = ssl.CERT_NONE
    return context


def _check_answer(url: URL) -> None:
    backend = url.get_backend_name()
    port = url.port or _PORTS.get(backend)
    if not url.host or not port:  # a socket in a folder, or a kind that is not known here: its driver tells
        return
    try:
        socket.create_connection((url.host, port), ANSWER_SECONDS).close()
    except TimeoutError:
        why = f"nobody answered within {ANSWER_SECONDS:g} seconds"
    except OSError as error:
        why = f"nobody answers ({error.strerror or error})"
    else:
        return
    raise AnenasError(
        f"cannot use the database {shown(url)}: {why} at {url.host}:{port}; start the server there, or correct the "
        "address"
    )


def refusal(error: BaseException, url: URL) -> str:
    """What a server's error says, in a line without secrets."""
    message, codes = _told(error)
    for refused, words in _REFUSALS.items():
        if codes & set(refused):
            how = "" if url.get_backend_name() != "postgresql" else ", PGPASSWORD or ~/.pgpass"
            given = f"give it in {ADDRESS}{how}"
            return words.format(password=given, database=url.database, user=url.username, message=message)
    for secret in filter(None, (url.password, _known_password(url), os.environ.get("PGPASSWORD"))):
        message = message.replace(str(secret), "***")
    return message


def is_refusal(error: BaseException) -> bool:
    """Whether a server says no with it, rather than being away or on its way."""
    _, codes = _told(error)
    return any(codes & set(refused) for refused in _REFUSALS if refused != _STARTING)


def _told(error: BaseException) -> tuple[str, set[object]]:
    """The server's own words, and the codes that the drivers have for what it says."""
    chain = list(causes(error))
    codes: set[object] = set()
    for one in chain:
        codes |= {getattr(one, "sqlstate", None), getattr(one, "pgcode", None)}
        first = one.args[0] if one.args else None
        if isinstance(first, dict) and "M" in first:  # pg8000's
            return str(first["M"]), {first.get("C")}
        codes.add(first if isinstance(first, int) else None)
    drivers = [orig for one in chain if isinstance(orig := getattr(one, "orig", None), BaseException)]
    return first_line(next(iter(drivers), chain[-1])), codes - {None}
