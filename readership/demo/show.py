"""
The tour: one question and three readers, a redaction, a revocation, two explanations.

Everything goes the way that a request over HTTP goes; only the socket is left out.
"""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from rich.markup import escape

from acl.model.identifiers import DocumentId
from acl.settings import load_configuration
from acl.wiring import open_ground
from readership import console
from readership.demo.company import lay_out, remove_member
from readership.demo.issuer import UNSAFE_DEMO_ISSUER, UnsafeDemoIssuer
from readership.syncing import SyncSession
from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from retrieval.explain import Person
from retrieval.passage import Answer
from retrieval.wiring import Tools, build_room

QUESTION: Final = "When does Heron launch and what does it cost?"
REVOKED_QUESTION: Final = "What is the lowest price for a Heron after every discount?"
PERSONAL_QUESTION: Final = "Social security number and home address on the new starter form?"
READERS: Final = (
    ("alice", "leads engineering"),
    ("bob", "sells"),
    ("mallory", "an outsider with a valid token"),
)
SHOWN: Final = 3
WIDTH: Final = 96


class Tour:
    """
    A laid-out demo with both sides running in this process.
    """

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory = directory
        self._configuration = load_configuration(lay_out(directory))
        self.issuer = UnsafeDemoIssuer.create(directory)
        console.out.print("\n[bold]Reading the company[/] (models load once, then about a minute)")
        self._session = stack.enter_context(SyncSession(self._configuration))
        self.sync()
        ground = open_ground(self._configuration, may_write=False)
        stack.callback(ground.close)
        tools = Tools(self._session.embedder, self._session.redactor, self._session.lease)
        self.room: ReadingRoom = build_room(ground, tools)

    def sync(self) -> None:
        """
        Bring everything up to the company's folder.
        """
        with console.SyncBar() as bar:
            for settings in self._configuration.settings.sources:
                console.print_report(self._session.sync(settings, bar))

    def ask(self, subject: str, question: str) -> Answer:
        """
        Ask as somebody.
        """
        header = [f"Bearer {self.issuer.token(subject)}"]
        return self.room.answer(header, AskedQuestion(question, SHOWN))

    def revoke(self, group: str, member: str) -> None:
        """
        Change the company's own directory and sync.
        """
        remove_member(self._directory, group, member)
        self.sync()


def run_demo(directory: Path) -> None:
    """
    Run the tour and say what to try next.
    """
    with ExitStack() as stack:
        tour = Tour(directory, stack)
        _same_question(tour)
        _redaction(tour)
        _revocation(tour)
        _explanations(tour)
        for subject, _ in READERS:
            tour.issuer.write_token(subject, directory / f"{subject}.token")
    _next(directory)


def _same_question(tour: Tour) -> None:
    _title(f"The same question, three readers: {QUESTION}")
    for subject, role in READERS:
        console.out.print(f"\n[bold]{subject}[/] ({role})")
        _print_passages(tour.ask(subject, QUESTION))


def _redaction(tour: Tour) -> None:
    told = "Personal data is replaced before anything is stored."
    _title(f"{told} carol (payroll) asks: {PERSONAL_QUESTION}")
    _print_passages(tour.ask("carol", PERSONAL_QUESTION), most=1, lines=14)


def _revocation(tour: Tour) -> None:
    _title(f"A revocation holds at the next question. bob asks: {REVOKED_QUESTION}")
    _print_passages(tour.ask("bob", REVOKED_QUESTION), most=1)
    console.out.print(
        "\nThe owner takes bob out of group heron-launch, in the company's directory:"
    )
    tour.revoke("heron-launch", "user:bob")
    console.out.print("[bold]bob[/] asks again")
    _print_passages(tour.ask("bob", REVOKED_QUESTION), most=1)


def _explanations(tour: Tour) -> None:
    _title("Why?")
    for subject, document in (("alice", "eng-heron-plan"), ("bob", "sales-heron-price-list")):
        person = Person(UNSAFE_DEMO_ISSUER, subject)
        for found in tour.room.explainer.explain(person, DocumentId(document)):
            console.out.print()
            console.print_explanation(found)


def _print_passages(answer: Answer, *, most: int = SHOWN, lines: int = 3) -> None:
    if not answer.passages:
        console.out.print("  nothing: for this reader there is no such thing")
    for passage in answer.passages[:most]:
        found = passage.provenance
        console.out.print(f"  [cyan]{escape(passage.title)}[/]  {escape(passage.citation)}")
        console.out.print(
            f"    {found.source}, label {found.label}, modified {found.modified:%Y-%m-%d}, "
            f"ACL revision {found.acl_revision}, sha256 {found.content_sha256[:12]}…"
            if found.modified
            else f"    {found.source}, label {found.label}",
            style="dim",
            markup=False,
        )
        for line in _excerpt(passage.text, lines):
            console.out.print(f"    {line}", markup=False)


def _excerpt(text: str, lines: int) -> Sequence[str]:
    wrapped = textwrap.wrap(" ".join(text.split()), WIDTH)
    return [*wrapped[:lines], "…"] if len(wrapped) > lines else wrapped


def _shown_path(path: Path) -> str:
    """
    Return a path as a person would type it here.
    """
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _title(text: str) -> None:
    console.out.print(f"\n[bold reverse] {escape(text)} [/]")


def _next(directory: Path) -> None:
    configuration = directory / "readership.toml"
    program = "readership" if shutil.which("readership") else _shown_path(Path(sys.argv[0]))
    _title("What to try next")
    console.out.print(
        f"""
  {program} --config {configuration} serve

  curl -s http://127.0.0.1:8080/v1/search \\
    -H "Authorization: Bearer $(cat {directory}/alice.token)" \\
    -H 'Content-Type: application/json' \\
    -d '{{"query": "{QUESTION}"}}'

  {program} --config {configuration} explain --reader erin --document eng-heron-plan
  {program} --config {configuration} audit verify
  {program} --config {configuration} doctor

The tokens in {directory}/*.token are signed by an issuer made for this demo and end in 12 hours.
""",
        markup=False,
    )
