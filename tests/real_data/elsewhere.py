"""
A second installation with the keys of the first, in which some documents are gone or never were.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from acl.settings import Configuration, load_configuration
from acl.wiring import open_ground, open_lease, prepare_data_dir, require_same_installation
from ingestion.extract import SandboxedExtractor
from ingestion.reconcile import Progress
from ingestion.wiring import build_reconciler, build_source
from retrieval.answer import ReadingRoom
from retrieval.wiring import Tools, build_room
from tests.real_data.kubernetes import write_lines
from tests.real_data.world import SOURCE, World


@contextmanager
def removed(world: World, directory: Path, kept: frozenset[str]) -> Iterator[ReadingRoom]:
    """
    Copy the installation, remove every document but `kept` at its source, sync, and serve it.
    """
    world.session.lease.call("flush")
    shutil.copytree(world.configuration.file.parent, directory, ignore=_runtime)
    keep_only(directory / SOURCE, kept)
    with _synced(world, load_configuration(directory / world.configuration.file.name)) as room:
        yield room


@contextmanager
def never_there(world: World, directory: Path, kept: frozenset[str]) -> Iterator[ReadingRoom]:
    """
    Make an installation in which no document but `kept` ever was, with the same keys, ingest
    and serve it.
    """
    home = world.configuration.file.parent
    shutil.copytree(home, directory, ignore=shutil.ignore_patterns("data"))
    keep_only(directory / SOURCE, kept)
    configuration = load_configuration(directory / world.configuration.file.name)
    configuration.data_dir.mkdir(mode=0o700)
    shutil.copytree(world.configuration.data_dir / "keys", configuration.data_dir / "keys")
    prepare_data_dir(configuration)
    require_same_installation(configuration, world.embedder)
    with _synced(world, configuration) as room:
        yield room


def keep_only(folder: Path, kept: frozenset[str]) -> None:
    """
    Drop every other document's line from an exchange-format folder.
    """
    path = folder / "documents.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    write_lines(path, [line for line in lines if line["id"] in kept])


@contextmanager
def _synced(world: World, configuration: Configuration) -> Iterator[ReadingRoom]:
    settings = configuration.settings.sources[0]
    with ExitStack() as stack:
        ground = open_ground(configuration, may_write=True)
        stack.callback(ground.close)
        lease = open_lease(ground, world.embedder)
        stack.callback(lease.close)
        reconciler = build_reconciler(
            ground,
            settings,
            lease=lease,
            embedder=world.embedder.real,
            redactor=world.session.redactor,
            extractor=stack.enter_context(SandboxedExtractor()),
        )
        reconciler.sync(
            build_source(ground, settings), ground.configuration.default_label(settings), Progress()
        )
        yield build_room(ground, Tools(world.embedder, world.session.redactor, lease))


def _runtime(directory: str, names: list[str]) -> set[str]:
    del directory
    return {name for name in names if name.endswith((".sock", ".lock", ".log"))}
