"""Certificates for TLS tests, made by the openssl command: a CA of our own and servers it has signed, good and bad."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CA_CONFIG = """\
[ca]
default_ca = tests
[tests]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = copy
[anything]
commonName = supplied
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, PEM files."""

    cert: Path
    key: Path

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the DER form: what a pin is compared with."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.cert.read_text())).hexdigest()


class Authority:
    """A certificate authority in a folder; ``ca.cert`` is what a client trusts."""

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("01\n")
        (folder / "ca.conf").write_text(_CA_CONFIG.format(folder=folder))
        self.ca = Certificate(folder / "ca.pem", folder / "ca.key")
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", f"/CN={name}", "-days", "30", "-keyout", self.ca.key, "-out", self.ca.cert),
        )

    def server(self, name: str, names: tuple[str, ...] = (), expired: bool = False) -> Certificate:
        """A server's certificate for ``names`` (``DNS:…`` or ``IP:…``), valid now or until yesterday."""
        cert, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        san = ",".join(names) or f"DNS:{name}"
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={san}", "-keyout", key, "-out", request),
        )
        validity = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z") if expired else ("-days", "20")
        _openssl(
            *("ca", "-batch", "-notext", "-config", self.folder / "ca.conf", "-cert", self.ca.cert),
            *("-keyfile", self.ca.key, "-in", request, "-out", cert, *validity),
        )
        return Certificate(cert, key)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
