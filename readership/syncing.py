"""
`readership sync`: one run over some or all sources.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self, TypeAlias

from acl.index.embedder import Embedder
from acl.model.redaction import Redactor
from acl.registry.turn import SyncRunningError, sync_turn
from acl.settings import Configuration
from acl.settings_directories import LdapDirectorySettings
from acl.settings_sources import SourceSettings
from acl.wiring import (
    Ground,
    build_embedder,
    open_ground,
    open_lease,
    prepare_data_dir,
    require_same_installation,
)
from ingestion.extract import SandboxedExtractor
from ingestion.reconcile import Progress, Reconciler, SyncReport
from ingestion.sources.port import Source
from ingestion.wiring import (
    build_directory,
    build_reconciler,
    build_redactor,
    build_source,
    default_label,
)

Synced: TypeAlias = SourceSettings | LdapDirectorySettings


@contextmanager
def only_sync(data_dir: Path) -> Iterator[None]:
    """
    Hold the data directory's sync lock. The kernel frees it however this process ends.

    Raises:
        SyncRunningError: Another process holds it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(data_dir / "sync.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise SyncRunningError from error
    try:
        yield
    finally:
        os.close(lock)


class SyncSession:
    """
    Everything a sync needs, loaded once for all sources. A context manager.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._open(opening)
            self._stack = opening.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _open(self, stack: ExitStack) -> None:
        configuration = self._configuration
        # Before anything is created: two first syncs must not make two sets of keys.
        stack.enter_context(only_sync(configuration.data_dir))
        password_file = configuration.registry_password_file
        held = sync_turn(configuration.registry_url, password_file=password_file)
        turn = stack.enter_context(held)
        self.fresh = prepare_data_dir(configuration)
        self.embedder: Embedder = build_embedder(configuration)
        require_same_installation(configuration, self.embedder)
        self.ground: Ground = open_ground(configuration, may_write=True, turn=turn)
        stack.callback(self.ground.close)
        self.lease = open_lease(self.ground, self.embedder)
        stack.callback(self.lease.close)
        self.redactor: Redactor = build_redactor(self.ground, stack)
        self._extractor = stack.enter_context(SandboxedExtractor())

    def reconciler(self, settings: Synced) -> Reconciler:
        """
        Return what syncs one source, or one directory.
        """
        return build_reconciler(
            self.ground,
            settings,
            lease=self.lease,
            embedder=self.embedder,
            redactor=self.redactor,
            extractor=self._extractor,
        )

    def sync(self, settings: Synced, progress: Progress) -> SyncReport:
        """
        Sync one source, or one directory.
        """
        label = default_label(self.ground, settings)
        return self.reconciler(settings).sync(self._source(settings), label, progress)

    def plan(self, settings: Synced) -> SyncReport:
        """
        Say what a sync of one source, or of one directory, would do.
        """
        label = default_label(self.ground, settings)
        return self.reconciler(settings).plan(self._source(settings), label)

    def _source(self, settings: Synced) -> Source:
        if isinstance(settings, LdapDirectorySettings):
            return build_directory(self.ground, settings)
        return build_source(self.ground, settings)


def with_folders(settings: Sequence[Synced], tell: Callable[[str], None]) -> Iterator[Synced]:
    """
    Yield what can be synced; `tell` why the others cannot.
    """
    for one in settings:
        if isinstance(one, LdapDirectorySettings) or one.path is not None:
            yield one
        else:
            tell(f"source {one.name} has no folder: what it holds is pushed")


def chosen(configuration: Configuration, names: Sequence[str]) -> list[Synced]:
    """
    Return the named sources and directories, or all. Directories come first: who is put out of a
    group does not see what a source tells of next.

    Raises:
        ConfigurationError: A name is not configured.
    """
    directories = {
        one.name: one
        for one in configuration.settings.directories
        if isinstance(one, LdapDirectorySettings)
    }
    if not names:
        return [*directories.values(), *configuration.settings.sources]
    return [directories.get(name) or configuration.source(name) for name in names]
