"""
`make bench`: measure the way in, the way out and the permission core; print tables, write JSON.
"""

import argparse
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from acl.settings import load_configuration
from acl.wiring import open_ground
from ingestion.wiring import build_question_redactor
from readership.demo.issuer import UnsafeDemoIssuer
from readership.syncing import SyncSession
from retrieval.wiring import Tools, build_room
from tests.benchmarks import filters, injection, report, revoking, scopes, tokens
from tests.benchmarks.asking import AskBench, AskResult
from tests.benchmarks.corpus import Corpus, lay_out
from tests.benchmarks.ingest import IngestBench, IngestResult
from tests.unlimited import lift_limits

ROUNDS = 8


def main() -> None:
    """
    Read the arguments and run.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--documents", type=int, default=32, help="whole documents to ingest")
    parser.add_argument("--questions", type=int, default=500, help="questions to ask")
    parser.add_argument(
        "--only",
        choices=["documents", "permissions", "tokens", "injection"],
        help="documents and questions, the permission core, tokens, or the scanner; default: all",
    )
    parser.add_argument("--out", type=Path, default=Path("bench-results"), help="for the JSON")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"environment": report.environment()}
    if arguments.only in {None, "documents"}:
        result |= documents_and_questions(arguments.documents, arguments.questions)
    if arguments.only in {None, "tokens"}:
        result["tokens"] = tokens.measure(report.console.print)
        report.show_tokens(result["tokens"])
    if arguments.only in {None, "injection"}:
        result["injection"] = injection.measure(report.console.print)
        report.show_injection(result["injection"])
    if arguments.only in {None, "permissions"}:
        result["permissions"] = permissions(report.console.print)
        report.show_permissions(result["permissions"])
    report.console.print(f"Written to {report.write(result, arguments.out)}")


def permissions(told: Callable[[str], None]) -> dict[str, Any]:
    """
    Run the benchmarks of the permission core.
    """
    told("scopes in a large company")
    measured = scopes.measure()
    return {
        "scopes": measured,
        "filters": filters.measure(told),
        "revoking": revoking.measure(told),
    }


def documents_and_questions(documents: int, questions: int) -> dict[str, Any]:
    """
    Run the benchmarks of ingestion and of questions.
    """
    with tempfile.TemporaryDirectory(prefix="readership-bench-") as directory:
        corpus = lay_out(Path(directory) / "installation", documents)
        report.console.print(f"Data: {corpus.name}")
        ingest, asked = measure(corpus, questions, report.console.print)
    report.show_ingest(ingest.to_json())
    report.show_questions(asked.to_json())
    return {"data": corpus.name, "ingest": ingest.to_json(), "questions": asked.to_json()}


def measure(
    corpus: Corpus, questions: int, told: Callable[[str], None]
) -> tuple[IngestResult, AskResult]:
    """
    Run both benchmarks on one installation.
    """
    configuration = load_configuration(corpus.configuration)
    issuer = UnsafeDemoIssuer.create(corpus.configuration.parent)
    with ExitStack() as stack:
        told("loading the models")
        session = stack.enter_context(SyncSession(configuration))
        ingest = IngestBench(session, corpus).run(ROUNDS, told)
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        redactor = build_question_redactor(ground, stack)
        room = build_room(ground, Tools(session.embedder, redactor, session.lease))
        told(f"{questions} questions")
        bench = AskBench(room, embedder=session.embedder, lease=session.lease, token=issuer.token)
        return ingest, bench.run(corpus, questions)


if __name__ == "__main__":
    lift_limits()
    main()
