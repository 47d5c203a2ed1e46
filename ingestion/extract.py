"""
Step one of ingestion: bytes from an untrusted source become text.

The parsers run in a sandboxed child (see `ingestion.extraction`); this process
never imports one. What cannot be read within the limits raises
`ExtractionError` with a detail that says what happened; nothing is guessed and
nothing is dropped in silence.
"""

import importlib
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import ClassVar, Self

from acl.errors import ExtractionError
from ingestion.extraction.formats import FORMATS
from ingestion.extraction.limits import MIB, ExtractionLimits
from ingestion.extraction.wire import BrokenMessageError, Extracted, Refused, parse_answer
from ingestion.extraction.zygote import Outcome, WorkerLostError, Zygote

__all__ = [
    "Extracted",
    "ExtractionLimits",
    "SandboxedExtractor",
    "sandbox_layers",
    "supported_types",
]

_ATTEMPTS = 2
"""A document whose worker was lost under it is tried once more, in a new one."""

_OFFICE = frozenset(
    f"application/vnd.openxmlformats-officedocument.{kind}"
    for kind in (
        "wordprocessingml.document",
        "spreadsheetml.sheet",
        "presentationml.presentation",
    )
)

_MAGIC: Mapping[bytes, tuple[str, frozenset[str]]] = {
    b"%PDF-": ("a PDF", frozenset({"application/pdf"})),
    b"PK\x03\x04": (
        "a zip container, as of office documents",
        _OFFICE,
    ),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": (
        "an OLE container, as of old or encrypted office documents",
        # Here the declared type is right and the document is encrypted: its parser says so.
        _OFFICE,
    ),
    b"\x89PNG\r\n": ("a PNG picture", frozenset()),
    b"\xff\xd8\xff": ("a JPEG picture", frozenset()),
    b"\x1f\x8b\x08": ("a gzip file", frozenset()),
    b"\x7fELF": ("a program", frozenset()),
}
"""First bytes that leave no doubt: what they are, and the types that may begin so."""


def supported_types() -> tuple[str, ...]:
    """
    Return the media types that can be extracted, without parameters, sorted.
    """
    return tuple(sorted(FORMATS))


def sandbox_layers() -> dict[str, bool]:
    """
    Start a sandbox, try what is forbidden in it, and report which layers hold here.

    Raises:
        ConfigurationError: Not enough of them hold for documents to be opened.
    """
    with SandboxedExtractor() as extractor:
        return extractor.layers()


class SandboxedExtractor:
    """
    Extracts text, one killable child a document. Use it as a context manager.

    Threads may share one: each document has its own child. A child that hangs,
    bloats or crashes costs its document alone.
    """

    formats_module: ClassVar[str] = "ingestion.extraction.formats"
    """Where the table of formats is; no setting leads here, only a subclass in a test."""

    def __init__(self, limits: ExtractionLimits | None = None) -> None:
        self._limits = limits or ExtractionLimits()
        self._formats: Mapping[str, str] = importlib.import_module(self.formats_module).FORMATS
        self._lock = Lock()
        self._zygote: Zygote | None = None
        self._entered = False

    def __enter__(self) -> Self:
        self._entered = True
        self._running_zygote()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._entered = False
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def extract(self, content: bytes, *, mime: str) -> Extracted:
        """
        Return text, title and page starts of one document.

        `mime` is the declared type, with parameters if there are any. It alone
        decides how the document is read.

        Raises:
            ExtractionError: There is no text to be had safely; the detail says why.
            ConfigurationError: The sandbox cannot be built on this host.
        """
        declared = parse_mime(mime)
        self._refuse_early(content, declared)
        request: dict[str, object] = {"mime": declared.mime, "charset": declared.charset}
        outcome = self._exchange(request, content)
        return self._judge(outcome)

    def layers(self) -> dict[str, bool]:
        """
        Return which layers of the sandbox hold, as tried out when the worker started.
        """
        return dict(self._running_zygote().layers)

    def _refuse_early(self, content: bytes, declared: "DeclaredType") -> None:
        if declared.mime not in self._formats:
            supported = ", ".join(sorted(self._formats))
            msg = f"unsupported type {declared.mime!r}; supported: {supported}"
            raise ExtractionError(msg)
        if len(content) > self._limits.input_bytes:
            msg = f"too large: {len(content)} bytes, more than {self._limits.input_bytes}"
            raise ExtractionError(msg)
        for magic, (found, fitting) in _MAGIC.items():
            if content.startswith(magic) and declared.mime not in fitting:
                msg = f"declared as {declared.mime}, but it begins like {found}"
                raise ExtractionError(msg)

    def _exchange(self, request: dict[str, object], content: bytes) -> Outcome:
        for _ in range(_ATTEMPTS):
            zygote = self._running_zygote()
            try:
                return zygote.exchange(request, content)
            except WorkerLostError:
                self._discard(zygote)
        msg = f"the extraction worker was lost {_ATTEMPTS} times"
        raise ExtractionError(msg)

    def _running_zygote(self) -> Zygote:
        with self._lock:
            if not self._entered:
                msg = "use the extractor inside a with block"
                raise RuntimeError(msg)
            if self._zygote is not None and not self._zygote.is_running():
                self._zygote.close()
                self._zygote = None
            if self._zygote is None:
                self._zygote = Zygote(self.formats_module, self._limits)
            return self._zygote

    def _discard(self, lost: Zygote) -> None:
        with self._lock:
            # Another thread may have replaced it already.
            if self._zygote is lost:
                self._zygote = None
                lost.close()

    def _judge(self, outcome: Outcome) -> Extracted:
        if outcome.answer is None:
            raise ExtractionError(self._cause_of_silence(outcome))
        header, body = outcome.answer
        most = self._limits.output_characters
        try:
            answer = parse_answer(header, body, max_characters=most)
        except BrokenMessageError as error:
            msg = f"the parser's answer is not valid: {error}"
            raise ExtractionError(msg) from error
        match answer:
            case Extracted():
                return answer
            case Refused(reason=reason):
                raise ExtractionError(self._with_limit(reason))

    def _cause_of_silence(self, outcome: Outcome) -> str:
        limits = self._limits
        if outcome.timed_out:
            return f"timed out after {limits.wall_seconds:g} s"
        if outcome.exit_code == -signal.SIGXCPU:
            return f"used more than {limits.cpu_seconds} s of processor time"
        if outcome.exit_code < 0 and outcome.exit_code != -signal.SIGKILL:
            return (
                f"the parser crashed with {_name_of(-outcome.exit_code)}; "
                f"some crash so when the memory limit of {limits.memory_bytes // MIB} MiB is met"
            )
        return f"the parser gave no valid answer: {outcome.broken or 'it ended early'}"

    def _with_limit(self, reason: str) -> str:
        if reason == "out of memory":
            return f"out of memory: more than {self._limits.memory_bytes // MIB} MiB"
        return reason


@dataclass(frozen=True, slots=True)
class DeclaredType:
    """
    A media type as the source declared it, in lower case.
    """

    mime: str
    charset: str | None


def parse_mime(mime: str) -> DeclaredType:
    """
    Split `Text/Plain; charset="UTF-8"` into type and charset; other parameters are ignored.
    """
    essence, *parameters = mime.split(";")
    charset = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").strip() or None
    return DeclaredType(mime=essence.strip().lower(), charset=charset)


def _name_of(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
