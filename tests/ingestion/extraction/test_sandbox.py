"""
Whatever a parser does, the document alone pays for it.
"""

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acl.errors import ConfigurationError, ExtractionError
from ingestion.extract import ExtractionLimits, SandboxedExtractor, sandbox_layers
from ingestion.extraction.formats.source import Source
from ingestion.extraction.limits import MIB
from ingestion.extraction.wire import pack
from ingestion.extraction.zygote import require_confinement
from tests.ingestion.extraction import hostile

SHORT = ExtractionLimits(wall_seconds=1.0, cpu_seconds=10, output_characters=10_000)
ROOT = Path(__file__).resolve().parents[3]


class HostileExtractor(SandboxedExtractor):
    formats_module = "tests.ingestion.extraction.hostile"


@pytest.fixture(scope="module")
def extractor() -> Iterator[HostileExtractor]:
    with HostileExtractor(SHORT) as running:
        yield running


def do(extractor: SandboxedExtractor, deed: str, content: bytes = b"") -> str:
    return extractor.extract(content, mime=f"test/{deed}").text


def refusal(extractor: SandboxedExtractor, deed: str, content: bytes = b"") -> str:
    """
    Return why the deed failed, after a look whether the next document still works.
    """
    with pytest.raises(ExtractionError) as caught:
        do(extractor, deed, content)
    assert "still here" == do(extractor, "echo", b"still here")
    return caught.value.diagnostics()


@pytest.mark.parametrize("deed", ["loop", "sleep", "trickle"])
def test_whoever_takes_too_long_is_ended(extractor: HostileExtractor, deed: str) -> None:
    started = time.monotonic()

    assert "timed out after 1 s" == refusal(extractor, deed)
    assert time.monotonic() - started < 3


def test_processor_time_is_limited_by_the_kernel() -> None:
    limits = ExtractionLimits(wall_seconds=20, cpu_seconds=1)
    with HostileExtractor(limits) as patient:
        assert "used more than 1 s of processor time" == refusal(patient, "loop")


def test_memory_is_limited(extractor: HostileExtractor) -> None:
    assert "out of memory: more than 512 MiB" == refusal(extractor, "allocate")
    assert "None" == do(extractor, "allocate_natively")


def test_more_memory_is_more_memory() -> None:
    """
    The control: it is our limit that the allocation met.
    """
    with HostileExtractor(ExtractionLimits(memory_bytes=4096 * MIB)) as roomy:
        assert "None" != do(roomy, "allocate_natively")


@pytest.mark.parametrize("deed", ["open_socket", "open_unix_socket"])
def test_no_socket(extractor: HostileExtractor, deed: str) -> None:
    assert "True" == getattr(hostile, deed)(SOURCE).text
    assert "False" == do(extractor, deed)


def test_no_file_is_written(extractor: HostileExtractor, tmp_path: Path) -> None:
    free, confined = tmp_path / "free", tmp_path / "confined"

    assert "True" == hostile.write_file(Source(bytes(free), None, SHORT)).text
    assert "False" == do(extractor, "write_file", bytes(confined))
    assert "PermissionError" in refusal(extractor, "write_file_in_python", bytes(confined))
    assert [free] == list(tmp_path.iterdir())


def test_no_file_is_read_or_removed(extractor: HostileExtractor, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")

    assert "True" == hostile.read_file(Source(bytes(secret), None, SHORT)).text
    assert "False" == do(extractor, "read_file", bytes(secret))
    assert "False" == do(extractor, "remove_file", bytes(secret))
    assert secret.exists()


def test_no_process_is_started(extractor: HostileExtractor) -> None:
    assert "0" == do(extractor, "fork")
    assert "-1" == do(extractor, "execute")


@pytest.mark.parametrize("deed", ["kill_parent", "kill_everything"])
def test_no_one_else_is_signalled(extractor: HostileExtractor, deed: str) -> None:
    before = zygote_of(extractor)

    assert "-1" == do(extractor, deed)
    assert "still here" == do(extractor, "echo", b"still here")
    assert before == zygote_of(extractor)


@pytest.mark.parametrize("deed", ["executable_memory", "raise_limits"])
def test_the_walls_cannot_be_moved(extractor: HostileExtractor, deed: str) -> None:
    assert "False" == do(extractor, deed)


def test_the_child_has_its_channel_and_nothing_of_ours(
    extractor: HostileExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVICE", "s")
    with HostileExtractor(SHORT) as fresh:
        assert "LANG MALLOC_ARENA_MAX" == do(fresh, "environment").replace("LC_CTYPE ", "")
    assert "[0, 1, 2, 3]" == do(extractor, "descriptors")


@pytest.mark.parametrize(("deed", "name"), [("crash", "SIGSEGV"), ("abort", "SIGABRT")])
def test_a_crash_is_named(extractor: HostileExtractor, deed: str, name: str) -> None:
    assert name in refusal(extractor, deed)


@pytest.mark.parametrize("deed", ["exit_silently", "exit_by_exception", "hang_up", "flood"])
def test_silence_is_no_answer(extractor: HostileExtractor, deed: str) -> None:
    assert "no valid answer" in refusal(extractor, deed)


def test_errors_of_parsers_are_told_in_short(extractor: HostileExtractor) -> None:
    reason = refusal(extractor, "raise_error")

    assert reason.startswith("the parser failed: ValueError: xxx")
    assert len(reason) <= 500
    assert "nested too deeply" == refusal(extractor, "recurse")


FORGED = [
    b"",
    b"\xff" * 1000,
    struct.pack(">I", 5) + b"hello",
    struct.pack(">I", 2) + b"[]",
    struct.pack(">I", 100_000) + b"[" * 100_000,
    struct.pack(">I", 2) + b"{}",
    struct.pack(">I", 18) + b'{"body_bytes":true}',
    b"".join(pack({"title": None, "page_starts": []}, b"x" * 5))[:-1],
    b"".join(pack({"title": None, "page_starts": []}, b"\xff")),
    b"".join(pack({"title": None, "page_starts": []}, b"x" * 10_001)),
    b"".join(pack({"title": None, "page_starts": []}, b"x" * 50_000)),
    b"".join(pack({"title": 7, "page_starts": []}, b"x")),
    b"".join(pack({"title": "t" * 501, "page_starts": []}, b"x")),
    b"".join(pack({"title": None, "page_starts": None}, b"x")),
    b"".join(pack({"title": None, "page_starts": [2]}, b"x")),
    b"".join(pack({"title": None, "page_starts": [1, 0]}, b"x")),
    b"".join(pack({"title": None, "page_starts": [-1]}, b"x")),
    b"".join(pack({"title": None, "page_starts": [True]}, b"x")),
    b"".join(pack({"refused": ["x"]}, b"")),
]


@pytest.mark.parametrize("answer", FORGED)
def test_a_forged_answer_is_refused(extractor: HostileExtractor, answer: bytes) -> None:
    assert "valid" in refusal(extractor, "send_raw", answer)


def test_a_well_formed_answer_is_taken(extractor: HostileExtractor) -> None:
    """
    The control of the forgeries.
    """
    answer = b"".join(pack({"title": "t", "page_starts": [0, 1]}, b"xy"))

    found = extractor.extract(answer, mime="test/send_raw")

    assert ("xy", "t", (0, 1)) == (found.text, found.title, found.page_starts)


def test_text_is_bounded_and_in_normal_form(extractor: HostileExtractor) -> None:
    assert refusal(extractor, "too_much").startswith("too large: more than 10000 characters")

    found = extractor.extract(b"", mime="test/odd_text")

    assert "a\nb\nc?\N{REPLACEMENT CHARACTER}" == found.text
    assert found.title is not None
    assert 500 == len(found.title)


def test_input_is_bounded() -> None:
    with HostileExtractor(ExtractionLimits(input_bytes=10)) as narrow:
        assert "0123456789" == do(narrow, "echo", b"0123456789")
        assert "too large: 11 bytes, more than 10" == refusal(narrow, "echo", b"01234567890")


def test_threads_do_not_mix_results(extractor: HostileExtractor) -> None:
    words = [f"document {number}" for number in range(40)]

    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda word: do(extractor, "nap", word.encode()), words))

    assert words == texts
    assert time.monotonic() - started < 40 * 0.2 / 2, "documents waited for one another"


def test_descriptors_do_not_pile_up(extractor: HostileExtractor) -> None:
    def count() -> int:
        held = (os.getpid(), zygote_of(extractor))
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in held)

    before = count()
    for _ in range(50):
        do(extractor, "echo")

    # The zygote may not yet have put away the last one.
    assert count() <= before + 2


def test_a_lost_worker_is_replaced(extractor: HostileExtractor) -> None:
    before = zygote_of(extractor)
    os.kill(before, signal.SIGKILL)

    assert "again" == do(extractor, "echo", b"again")
    assert before != zygote_of(extractor)


def test_a_document_survives_the_loss_of_its_worker(extractor: HostileExtractor) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(do, extractor, "nap", b"patience")
        time.sleep(0.1)
        os.kill(zygote_of(extractor), signal.SIGKILL)

        assert "patience" == waiting.result(timeout=10)


def test_interrupt_is_the_services_business(extractor: HostileExtractor) -> None:
    before = zygote_of(extractor)
    os.kill(before, signal.SIGINT)

    assert "unmoved" == do(extractor, "echo", b"unmoved")
    assert before == zygote_of(extractor)


def test_nothing_is_left_when_the_block_ends() -> None:
    with HostileExtractor(SHORT) as running:
        pid = zygote_of(running)
        assert is_alive(pid)

    assert not is_alive(pid)
    with pytest.raises(RuntimeError, match="with block"):
        do(running, "echo")


SERVICE = """
import sys, threading
sys.path.append({root!r})
from ingestion.extract import ExtractionLimits
from tests.ingestion.extraction.test_sandbox import HostileExtractor, zygote_of
with HostileExtractor(ExtractionLimits()) as extractor:
    threading.Thread(target=extractor.extract, args=(b"",), kwargs=dict(mime="test/loop")).start()
    import time; time.sleep(0.5)
    print(zygote_of(extractor), flush=True)
    time.sleep(600)
"""


def test_nothing_is_left_when_the_service_is_killed() -> None:
    """
    Neither the zygote nor the child that it had at work.
    """
    command = [sys.executable, "-c", SERVICE.format(root=str(ROOT))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        zygote = int(service.stdout.readline())
        children = children_of(zygote)
        service.kill()

    assert 1 == len(children)
    assert_gone(zygote, *children)


def test_the_layers_are_told() -> None:
    layers = sandbox_layers()

    assert {"seccomp", "rlimits", "network_namespace"} <= set(layers)
    assert layers["network_refused"]
    assert layers["files_refused"]
    assert layers["processes_refused"]


@pytest.mark.parametrize("hole", ["network_refused", "files_refused", "processes_refused"])
def test_no_extraction_where_the_sandbox_has_a_hole(hole: str) -> None:
    whole = dict.fromkeys(
        ("rlimits", "network_refused", "files_refused", "processes_refused"), True
    )

    require_confinement(whole)
    with pytest.raises(ConfigurationError) as caught:
        require_confinement({**whole, hole: False})

    assert hole in caught.value.diagnostics()


def test_a_worker_that_cannot_start_says_why() -> None:
    class BrokenExtractor(SandboxedExtractor):
        formats_module = "tests.ingestion.extraction.broken_table"

    with pytest.raises(ConfigurationError) as caught, BrokenExtractor():
        pass

    assert "no_such_module" in caught.value.diagnostics()


SOURCE = Source(b"", None, SHORT)


def zygote_of(extractor: SandboxedExtractor) -> int:
    return extractor._running_zygote().pid  # noqa: SLF001 - the point is the process


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def assert_gone(*pids: int) -> None:
    until = time.monotonic() + 5
    while alive := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < until, f"still alive: {alive}"
        time.sleep(0.02)
