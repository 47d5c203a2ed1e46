"""
A sync that starts while the engine of the one before is ending gets an engine all the same.
"""

import socket
import threading
from pathlib import Path

import pytest

from acl.index.engine_lease import EngineLease
from acl.index.errors import IndexUnavailableError
from acl.index.hashing_embedder import HashingEmbedder
from acl.index.socket_path import reachable


def ending_engine(directory: Path) -> threading.Thread:
    """
    Take one connection, and be gone: what an engine does that has just decided to end.
    """
    path = directory / "engine.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with reachable(path) as name:
        listener.bind(name)
    listener.listen()

    def end() -> None:
        connection, _ = listener.accept()
        path.unlink()
        listener.close()
        connection.close()

    thread = threading.Thread(target=end)
    thread.start()
    return thread


@pytest.mark.promise("engine-loss")
def test_an_engine_that_is_just_ending_is_replaced(tmp_path: Path) -> None:
    thread = ending_engine(tmp_path)
    lease = EngineLease(tmp_path, HashingEmbedder.dimension)

    lease.open()

    assert HashingEmbedder.dimension == lease.call("ping")
    lease.close()
    thread.join()


def test_an_engine_of_other_vectors_is_refused(
    engine_directory: Path, shared_tools: object
) -> None:
    """
    At once, and not after a minute of trying.
    """
    del shared_tools
    lease = EngineLease(engine_directory, HashingEmbedder.dimension + 1)

    with pytest.raises(IndexUnavailableError) as refused:
        lease.open()

    lease.close()
    assert "holds vectors of dimension 384, not 385" in refused.value.diagnostics()
