"""
A real LDAP server for tests: OpenLDAP's slapd from the distribution, in a directory of its own.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SUFFIX: Final = "dc=acme,dc=example"
READER: Final = f"cn=reader,{SUFFIX}"
PEOPLE: Final = f"ou=people,{SUFFIX}"
GROUPS: Final = f"ou=groups,{SUFFIX}"
ADMIN: Final = f"cn=admin,{SUFFIX}"
PASSWORD: Final = "throw-away"  # noqa: S105 - of a server that lives for one test
SCHEMAS: Final = Path("/etc/ldap/schema")
MODULES: Final = Path("/usr/lib/ldap")
PATIENCE_SECONDS: Final = 30
NOBODY: Final = 65_534
MISSING: Final = "no slapd: run scripts/debian-packages as root, or install slapd and ldap-utils"


@dataclass
class Slapd:
    """
    One server. Its data are written before it starts, and changed by the tools that come with it.
    """

    directory: Path
    plain_port: int
    tls_port: int
    process: "subprocess.Popen[bytes] | None" = None
    log: list[str] = field(default_factory=list)

    @property
    def plain(self) -> str:
        return f"ldap://127.0.0.1:{self.plain_port}"

    @property
    def tls(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ca(self) -> Path:
        return self.directory / "ca.pem"

    def load(self, *entries: str) -> None:
        """
        Write entries to the database of a server that does not run.
        """
        ldif = self.directory / "data.ldif"
        ldif.write_text("\n\n".join(entries) + "\n", encoding="utf-8")
        self._run("slapadd", "-q", "-f", str(self.directory / "slapd.conf"), "-l", str(ldif))

    def change(self, ldif: str) -> None:
        """
        Change entries of the running server.
        """
        command = ["ldapmodify", "-x", "-H", self.plain, "-D", ADMIN, "-w", PASSWORD]
        subprocess.run(
            command, input=ldif.encode(), check=True, capture_output=True, timeout=PATIENCE_SECONDS
        )

    def start(self) -> None:
        """
        Start, and wait until it answers.
        """
        addresses = f"{self.plain}/ {self.tls}/"
        command = [_program("slapd"), "-h", addresses, "-f", str(self.directory / "slapd.conf")]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "-d", "0"], stdout=log, stderr=log, **_unprivileged()
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.plain_port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise AssertionError((self.directory / "log").read_text()) from None
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """
        End it at once.
        """
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)
            self.process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """
        Let it say nothing for a while.
        """
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _run(self, program: str, *arguments: str) -> None:
        command = [_program(program), *arguments]
        done = subprocess.run(command, check=False, capture_output=True, **_unprivileged())
        assert 0 == done.returncode, done.stderr.decode()


@contextmanager
def slapd(*entries: str, settings: Sequence[str] = (), host: str = "127.0.0.1") -> Iterator[Slapd]:
    """
    Yield a running server with these entries; `settings` are of its database, and `host` is in
    its certificate.
    """
    if shutil.which("slapd", path=_path()) is None or not SCHEMAS.is_dir():
        pytest.skip(MISSING)
    if shutil.which("ldapmodify") is None:
        pytest.skip(MISSING)
    # Below the system's directory: pytest's own are closed to the user that runs the server.
    directory = Path(tempfile.mkdtemp(prefix="readership-slapd-"))
    try:
        certify(directory, host)
        (directory / "db").mkdir()
        server = Slapd(directory, _free_port(), _free_port())
        (directory / "slapd.conf").write_text(_configuration(directory, settings))
        if os.geteuid() == 0:
            for path in (directory, *directory.iterdir()):
                os.chown(path, NOBODY, NOBODY)
        server.load(*_TREE, *entries)
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def person(uid: str, *more: str) -> str:
    """
    Return the entry of a user.
    """
    lines = [
        f"dn: uid={uid},{PEOPLE}",
        "objectClass: inetOrgPerson",
        f"uid: {uid}",
        f"cn: {uid}",
        f"sn: {uid}",
        *more,
    ]
    return "\n".join(lines)


def group(cn: str, *members: str) -> str:
    """
    Return the entry of a group; members are DNs.
    """
    listed = [f"member: {one}" for one in members]
    return "\n".join([f"dn: cn={cn},{GROUPS}", "objectClass: groupOfNames", f"cn: {cn}", *listed])


def user_dn(uid: str) -> str:
    return f"uid={uid},{PEOPLE}"


def group_dn(cn: str) -> str:
    return f"cn={cn},{GROUPS}"


def certify(directory: Path, host: str) -> None:
    """
    Write a throw-away authority, and a certificate that it has signed.
    """
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away server")])

    def begun(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=6))
        )

    authority = begun(ca_name, ca_key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    authority = authority.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
    )
    named: x509.GeneralName = x509.DNSName(host)
    if host.replace(".", "").isdigit():
        named = x509.IPAddress(ip_address(host))
    server = begun(name, key.public_key()).add_extension(
        x509.SubjectAlternativeName([named]), critical=False
    )
    server = server.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
    )
    pem = serialization.Encoding.PEM
    (directory / "ca.pem").write_bytes(authority.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (directory / "server.pem").write_bytes(server.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (directory / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


_TREE: Final = (
    f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: acme\no: Acme",
    f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people",
    f"dn: {GROUPS}\nobjectClass: organizationalUnit\nou: groups",
    (
        f"dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"cn: reader\nuserPassword: {PASSWORD}"
    ),
)


def _configuration(directory: Path, settings: Sequence[str]) -> str:
    included = "\n".join(
        f"include {SCHEMAS / name}.schema" for name in ("core", "cosine", "inetorgperson")
    )
    own = "\n".join(settings)
    return f"""{included}
modulepath {MODULES}
moduleload back_mdb
pidfile {directory}/pid
argsfile {directory}/args
TLSCACertificateFile {directory}/ca.pem
TLSCertificateFile {directory}/server.pem
TLSCertificateKeyFile {directory}/key.pem
database mdb
suffix "{SUFFIX}"
rootdn "{ADMIN}"
rootpw {PASSWORD}
directory {directory}/db
maxsize 268435456
index objectClass eq
{own}
"""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _program(name: str) -> str:
    found = shutil.which(name, path=_path())
    assert found is not None, name
    return found


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
