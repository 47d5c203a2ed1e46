"""
Files from real life and from the test suites of other parsers, hostile ones included.
"""

import json
import re
import tarfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from acl.errors import ExtractionError
from ingestion.extract import ExtractionLimits, SandboxedExtractor, supported_types

DOCUMENTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "documents"
MIMES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".eml": "message/rfc822",
}
WALL_SECONDS = 30.0
COVERAGE_FLOOR = 0.96
WORDS_FLOOR = 0.90

pytestmark = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason="needs ../shared/data/documents beside the checkout"
)


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(ExtractionLimits(wall_seconds=WALL_SECONDS)) as running:
        yield running


def contents_of(name: str) -> Mapping[str, bytes]:
    """
    Read an archive into memory; nothing in it ever gets a place on disk.
    """
    with tarfile.open(DOCUMENTS / f"{name}.tar.gz") as archive:
        files = ((member.name, archive.extractfile(member)) for member in archive)
        return {path: file.read() for path, file in files if file is not None}


def test_real_files_are_read(extractor: SandboxedExtractor) -> None:
    refused, tried = [], 0
    for path, content in contents_of("real-files").items():
        mime = MIMES.get(PurePosixPath(path).suffix)
        if mime is None:
            continue
        tried += 1
        try:
            assert extractor.extract(content, mime=mime).text.strip(), path
        except ExtractionError as error:
            refused.append(f"{path}: {error.diagnostics()}")

    assert tried >= 80
    assert 1 - len(refused) / tried >= COVERAGE_FLOOR, refused


def test_web_pages_are_read(extractor: SandboxedExtractor) -> None:
    for path, content in contents_of("html-readability").items():
        if path.endswith(".html"):
            assert extractor.extract(content, mime="text/html").text.strip(), path


def test_words_that_others_found_are_found(extractor: SandboxedExtractor) -> None:
    """
    Compared with the expected Markdown that comes with some files.
    """
    files = contents_of("real-files")
    shares = {}
    for row in json.loads((DOCUMENTS / "real-files.manifest.json").read_text()):
        mime = MIMES.get(PurePosixPath(row["file"]).suffix)
        expected = files.get(row.get("groundtruth") or "")
        if mime is None or expected is None:
            continue
        try:
            found = extractor.extract(files[row["file"]], mime=mime).text
        except ExtractionError:
            continue
        shares[row["file"]] = share_of_words(found, expected.decode())

    assert len(shares) >= 15
    assert sum(shares.values()) / len(shares) >= WORDS_FLOOR, shares


def share_of_words(found: str, expected: str) -> float:
    wanted, got = (Counter(re.findall(r"\w+", text.lower())) for text in (expected, found))
    return (wanted & got).total() / max(wanted.total(), 1)


@pytest.mark.parametrize("mime", supported_types())
def test_hostile_files_cost_a_refusal_at_most(extractor: SandboxedExtractor, mime: str) -> None:
    """
    Every file, whatever it is, as every type: text or `ExtractionError`, in time.

    That nothing can be written is shown in `test_sandbox`.
    """
    before = extractor._running_zygote().pid  # noqa: SLF001 - the point is the process
    outcomes: Counter[str] = Counter()
    for content in contents_of("hostile-files").values():
        started = time.monotonic()
        try:
            extractor.extract(content, mime=mime)
            outcomes["text"] += 1
        except ExtractionError as error:
            outcomes["refused" if error.diagnostics() else "refused without a reason"] += 1
        assert time.monotonic() - started < WALL_SECONDS + 2

    assert outcomes["text"] + outcomes["refused"] == outcomes.total() >= 80
    assert before == extractor._running_zygote().pid  # noqa: SLF001 - not once restarted
