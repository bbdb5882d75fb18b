from __future__ import annotations

import datetime
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from anenas._errors import AnenasError
from anenas.search.executors.cluster import make_certificates, tls_options


def test_the_node_is_of_the_authority_and_has_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "below" / "certificates"  # none of which is there yet
    make_certificates(folder)
    authority, node = (x509.load_pem_x509_certificate((folder / name).read_bytes()) for name in ("ca.pem", "node.pem"))
    node.verify_directly_issued_by(authority)
    key = load_pem_private_key((folder / "node-key.pem").read_bytes(), None)
    assert key.public_key() == node.public_key()
    assert node.public_key() != authority.public_key()


def test_they_hold_where_a_clock_is_hours_behind_and_as_long_as_apples_systems_trust_any(tmp_path: Path) -> None:
    make_certificates(tmp_path / "certificates")
    now = datetime.datetime.now(datetime.UTC)
    for name in ("ca.pem", "node.pem"):
        one = x509.load_pem_x509_certificate((tmp_path / "certificates" / name).read_bytes())
        begin, end = one.not_valid_before_utc, one.not_valid_after_utc
        assert begin < now - datetime.timedelta(hours=12)
        # At most 825 days, support.apple.com/103769; both ends are within (RFC 5280, 4.1.2.5).
        assert end - begin + datetime.timedelta(seconds=1) == datetime.timedelta(days=825)


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    make_certificates(tmp_path / "certificates")
    assert stat.S_IMODE((tmp_path / "certificates" / "node-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "certificates").stat().st_mode) == 0o700


def test_nobody_can_make_more_of_them(tmp_path: Path) -> None:
    make_certificates(tmp_path / "certificates")
    assert sorted(path.name for path in (tmp_path / "certificates").iterdir()) == ["ca.pem", "node-key.pem", "node.pem"]


def test_existing_ones_are_kept(tmp_path: Path) -> None:
    make_certificates(tmp_path / "certificates")
    before = (tmp_path / "certificates" / "node.pem").read_bytes()
    with pytest.raises(AnenasError, match="exists already"):
        make_certificates(tmp_path / "certificates")
    assert (tmp_path / "certificates" / "node.pem").read_bytes() == before


def test_a_folder_that_lacks_one_is_told(tmp_path: Path) -> None:
    make_certificates(tmp_path / "certificates")
    (tmp_path / "certificates" / "node.pem").unlink()
    with pytest.raises(AnenasError, match=r"has no node\.pem: expected the folder that `anenas cluster certificates`"):
        tls_options(tmp_path / "certificates")
