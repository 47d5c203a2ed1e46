"""
The programs as people start them: `serve` beside an engine that dies, and the demo.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from readership.demo.company import lay_out
from readership.demo.issuer import UnsafeDemoIssuer

pytestmark = pytest.mark.models

READERSHIP = [sys.executable, "-m", "readership"]
START_SECONDS = 90


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Service:
    """
    A running `readership serve`.
    """

    def __init__(self, directory: Path) -> None:
        self.configuration = lay_out(directory)
        self.data = directory / "data"
        issuer = UnsafeDemoIssuer.create(directory)
        self.bearer = {"Authorization": f"Bearer {issuer.token('alice')}"}
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.run("sync")
        self.process = subprocess.Popen(
            [*READERSHIP, "--config", str(self.configuration), "serve", "--port", str(port)],
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*READERSHIP, "--config", str(self.configuration), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        pytest.fail("the service did not become ready")

    def search(self) -> httpx.Response:
        body = {"query": "When does Heron launch?", "limit": 3}
        address = f"{self.address}/v1/search"
        return httpx.post(address, json=body, headers=self.bearer, timeout=30)

    def engine(self) -> int:
        """
        Return the process id of this service's engine.
        """
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if "acl.index.engine_process" in command and str(self.data / "index") in command:
                return int(entry.name)
        return pytest.fail("there is no engine process")

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        return errors.decode()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """
    One service for the tests of this module.
    """
    running = Service(tmp_path_factory.mktemp("service") / "demo")
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@pytest.mark.promise("engine-loss")
def test_a_killed_engine_means_503_until_it_is_back(service: Service) -> None:
    """
    Never an empty, partial or unfiltered answer: the same passages, or none and a 503.
    """
    before = [passage["id"] for passage in service.search().json()["passages"]]
    assert before
    statuses = []

    for _ in range(3):
        os.kill(service.engine(), signal.SIGKILL)
        deadline = time.monotonic() + 30
        while (answer := service.search()).status_code != 200:
            statuses.append(answer.status_code)
            assert "passages" not in answer.json()
            assert "retry-after" in answer.headers
            assert time.monotonic() < deadline, "the engine did not come back"
            time.sleep(0.05)
        assert before == [passage["id"] for passage in answer.json()["passages"]]

    assert {503} == set(statuses)


@pytest.mark.promise("engine-loss")
def test_a_sync_beside_a_running_service_shares_its_engine(service: Service) -> None:
    engine = service.engine()

    done = service.run("sync", "--json")

    assert 0 == done.returncode, done.stderr
    assert '"unchanged": 41' in done.stdout
    assert engine == service.engine()
    assert 200 == service.search().status_code


@pytest.mark.promise("key-file-permissions")
def test_everything_below_the_data_directory_is_private(service: Service) -> None:
    """
    Files and sockets of mode 0600 at most, directories of mode 0700 at most.
    """
    found = [path for path in service.data.rglob("*") if path.lstat().st_mode & 0o077]

    assert [] == found
    assert any(path.is_socket() for path in service.data.rglob("*"))


def test_explain_says_why(service: Service) -> None:
    """
    Exit code 0 for a permit, 1 for a denial; the chain in words.
    """
    document = ("--document", "eng-heron-plan")
    permit = service.run("explain", "--reader", "alice", *document)
    denial = service.run("explain", "--reader", "carol", *document)

    assert (0, 1) == (permit.returncode, denial.returncode)
    assert "group:corp/eng-leads is a member of group:corp/engineering" in permit.stdout
    assert "no entry names the reader" in denial.stdout


@pytest.mark.promise("switches")
def test_a_switch_thrown_by_another_process_holds_at_the_next_request(service: Service) -> None:
    """
    Off, refused; listed, reported by the doctor; on, answered again.
    """
    off = service.run("switch", "off", "reader", "alice", "--reason", "a test")
    refused = service.search()
    listed = service.run("switch", "list", "--json")
    doctor = service.run("doctor", "--json")
    on = service.run("switch", "on", "reader", "alice")

    assert (0, 0, 0) == (off.returncode, listed.returncode, on.returncode), off.stderr
    assert 403 == refused.status_code
    assert "alice" in listed.stdout
    assert 1 == doctor.returncode
    assert "a test" in doctor.stdout
    assert 200 == service.search().status_code
    again = service.run("switch", "on", "reader", "alice")
    assert "already on" in again.stdout
    unknown = service.run("switch", "off", "source", "no-such", "--reason", "x")
    assert 2 == unknown.returncode
    assert "there is no source" in unknown.stderr


@pytest.mark.promise("history")
def test_the_past_can_be_explained_and_compared(service: Service) -> None:
    asked = ("--reader", "alice", "--document", "eng-heron-plan")
    before = service.run("explain", *asked, "--at", "1", "--json")
    difference = service.run("explain", "diff", "--reader", "alice", "--from", "1", "--json")
    wrong = service.run("explain", *asked, "--at", "yesterday")
    incomplete = service.run("explain", "--reader", "alice")

    assert (1, "document") == (before.returncode, json.loads(before.stdout)["missing"])
    found = json.loads(difference.stdout)
    assert (1, []) == (difference.returncode, found["lost"])
    assert "eng-heron-plan" in {one["document"] for one in found["gained"]}
    assert (2, 2) == (wrong.returncode, incomplete.returncode)
    assert "neither an epoch nor a time" in wrong.stderr


def test_the_doctor_finds_nothing_wrong(service: Service) -> None:
    found = service.run("doctor", "--json")

    assert 0 == found.returncode, found.stdout
    assert "chunks are in memory" in found.stdout


def test_the_audit_trail_is_whole(service: Service) -> None:
    service.search()

    found = service.run("audit", "verify")
    again = service.run("audit", "verify", "--expect", found.stdout.split("head ")[1].strip())

    assert (0, 0) == (found.returncode, again.returncode)
    assert 1 == service.run("audit", "verify", "--expect", f"1:{'0' * 64}").returncode


def test_the_demo_shows_what_it_promises(tmp_path: Path) -> None:
    """
    Three readers, a redaction, a revocation, two explanations, and what to try next.
    """
    done = subprocess.run(
        [*READERSHIP, "demo", "--dir", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert 0 == done.returncode, done.stderr
    parts = done.stdout.split("asks again")
    assert "Heron project plan" in parts[0]
    assert "<US_SSN_" in parts[0]
    assert "eng-heron-plan" not in parts[0].split("mallory (")[1].split("carol")[0]
    assert "sales-heron-price-list" in parts[0].split("bob asks")[1]
    assert "sales-heron-price-list" not in parts[1].split("Why?")[0]
    assert "alice may read eng-heron-plan" in parts[1]
    assert "bob may not read sales-heron-price-list" in parts[1]
    assert "curl" in parts[1]
    assert (tmp_path / "demo" / "alice.token").stat().st_mode & 0o077 == 0
