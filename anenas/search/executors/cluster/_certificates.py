"""A private certificate authority for a cluster: who holds its files may talk to it, nobody else."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anenas._errors import AnenasError
from anenas._files import replacing

if TYPE_CHECKING:
    from distributed.security import Security

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "node.pem", "node-key.pem"
_DAYS = 825  # the longest that Apple's systems trust a certificate, support.apple.com/103769
_DAY = datetime.timedelta(days=1)


def make_certificates(folder: Path) -> None:
    """Write an authority's certificate, and a certificate and key of it for all of a cluster's machines.

    The authority's own key is forgotten, so that nobody can make another certificate that the cluster trusts. Keys are
    of the curve P-256; certificates are valid for 825 days, the one before among them.

    Raises:
        AnenasError: If the folder exists.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID
    except ImportError as error:
        raise AnenasError("certificates need an optional package: pip install 'anenas[cluster]'") from error

    if folder.exists():
        raise AnenasError(f"'{folder}' exists already; name a new folder, or use the certificates there")

    def builder(name: str, public_key: Any, issuer: str) -> x509.CertificateBuilder:
        begin = datetime.datetime.now(datetime.UTC) - _DAY  # clocks differ
        end = begin + _DAYS * _DAY - datetime.timedelta(seconds=1)  # inclusive, RFC 5280
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )

    authority_key, node_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = (
        builder("anenas cluster", authority_key.public_key(), "anenas cluster")
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    node = (
        builder("anenas node", node_key.public_key(), "anenas cluster")
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = node_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with replacing(folder) as unfinished:
            unfinished.mkdir(mode=0o700)
            (unfinished / AUTHORITY).write_bytes(authority.public_bytes(pem))
            (unfinished / CERTIFICATE).write_bytes(node.public_bytes(pem))
            (unfinished / KEY).touch(mode=0o600)
            (unfinished / KEY).write_bytes(key)
    except OSError as error:
        raise AnenasError(f"cannot write the certificates {folder}: {error.strerror or error}") from error


def security_of(folder: Path) -> Security:
    """Dask's settings for encrypted connections with the files of a folder.

    Raises:
        AnenasError: If one of them is not there.
    """
    from distributed.security import Security

    authority, certificate, key = _files(folder)
    roles = ("client", "scheduler", "worker")
    files = {f"tls_{role}_cert": certificate for role in roles} | {f"tls_{role}_key": key for role in roles}
    return Security(require_encryption=True, tls_ca_file=authority, **files)


def tls_options(folder: Path) -> list[str]:
    """The same, as options of Dask's commands.

    Raises:
        AnenasError: If one of them is not there.
    """
    names = ("--tls-ca-file", "--tls-cert", "--tls-key")
    return [word for pair in zip(names, _files(folder), strict=True) for word in pair]


def _files(folder: Path) -> list[str]:
    for name in (AUTHORITY, CERTIFICATE, KEY):
        if not (folder / name).is_file():
            made = "the folder that `anenas cluster certificates` makes, the same on every machine"
            raise AnenasError(f"'{folder}' has no {name}: expected {made}")
    return [str(folder / name) for name in (AUTHORITY, CERTIFICATE, KEY)]
