"""The connection to a scheduler, which is encrypted unless that is on this machine or the caller says otherwise."""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anenas._errors import AnenasError, first_line
from anenas.search.executors.cluster._certificates import security_of

if TYPE_CHECKING:
    from distributed import Client

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Connection:
    """How to reach a scheduler.

    Attributes:
        scheduler: Its address, such as "tls://host:8786"; the file that it wrote its address to; or a Dask `Client` or
            cluster, such as `LocalCluster` or dask-jobqueue's `SLURMCluster`.
        tls: Folder of `make_certificates`; None leaves it to Dask's own configuration.
        insecure: Whether a connection to another machine may be unencrypted, so that whoever is on the network can run
            what they like on its machines.
        timeout: Seconds that it has to answer.
    """

    scheduler: str | Path | Any
    tls: Path | None = None
    insecure: bool = False
    timeout: float = 30.0

    @property
    def is_own(self) -> bool:
        """Whether the connection is made and closed here, rather than a `Client` of the caller's."""
        return isinstance(self.scheduler, str | Path) or not hasattr(self.scheduler, "submit")

    @property
    def address(self) -> str:
        """The scheduler's address: as the caller gave it, or as it stands in the file.

        Raises:
            AnenasError: If there is none, or connections to it would not be encrypted.
        """
        text = str(self.scheduler)
        if "://" not in text or isinstance(self.scheduler, Path):
            try:
                text = str(json.loads(Path(text).read_text(encoding="utf-8"))["address"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                expected = "expected an address, such as tls://HOST:8786, or the file that `dask scheduler` writes"
                raise AnenasError(f"no scheduler '{text}': {expected} ({first_line(error)})") from error
        self._check_secure(text)
        return text

    def check(self) -> None:
        """Check all that can be without a connection, before a search has read its data.

        Raises:
            AnenasError: If Dask is not installed, there is no such file, or connections would not be encrypted.
        """
        if importlib.util.find_spec("distributed") is None:
            raise AnenasError("a cluster needs optional packages: pip install 'anenas[cluster]'")
        if isinstance(self.scheduler, str | Path):
            self.address  # noqa: B018

    def open(self) -> Client:
        """A client of it.

        Raises:
            AnenasError: If nobody answers, who answers is no scheduler or has other certificates, the connection would
                not be encrypted, or Dask is not installed.
        """
        from distributed import Client

        target: Any = self.scheduler
        if not self.is_own:
            self._check_secure(target.scheduler.address)
            return target
        if isinstance(self.scheduler, str | Path):
            target = address = self.address
        else:
            address = target.scheduler_address
            self._check_secure(address)
        security = security_of(self.tls) if self.tls else None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is said by us
        try:
            return Client(target, timeout=self.timeout, security=security, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise AnenasError(self._unanswered(address, error)) from error

    def open_again(self, patience: float) -> Client:
        """A client of a scheduler that went away and may come back.

        Args:
            patience: Seconds that it has for that.

        Raises:
            AnenasError: If it does not.
        """
        if not self.is_own:
            raise AnenasError("the Dask client of this search was closed; run it again with an open one to continue")
        until = time.monotonic() + patience
        _log.warning("lost the connection to the scheduler: waiting up to %.0f s for it", patience)
        while True:
            try:
                client = self.open()
            except AnenasError:
                if time.monotonic() > until:
                    raise
                time.sleep(1)
            else:
                _log.info("the scheduler is back; interrupted trials run again")
                return client

    def _check_secure(self, address: str) -> None:
        scheme, _, rest = address.partition("://")
        if scheme in ("tls", "inproc") or self.insecure or _is_loopback(rest):
            return
        raise AnenasError(
            f"{address} is not encrypted: anyone who can reach it can run anything on the cluster. Use certificates "
            "(`anenas cluster certificates DIR`) with tls://, or use --insecure on a private network"
        )

    def _unanswered(self, address: str, error: Exception) -> str:
        cause = error
        while cause.__cause__ and not isinstance(cause, AnenasError):  # the innermost says most
            cause = cause.__cause__  # type: ignore[assignment]
        if "SSL" in repr(cause) or "certificate" in repr(cause).lower() or "TLS" in str(error):
            known = f"those of '{self.tls}'" if self.tls else "Dask's configuration"
            return f"{address} does not take certificates of {known}: {first_line(cause)}; every machine needs the same"
        return f"no Dask scheduler answers at {address} within {self.timeout:g} s: {first_line(cause)}"


def _is_loopback(rest: str) -> bool:
    host = rest.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
