"""
An embedder without a model: words hashed into a vector.

It knows no meaning, only shared words, but it is deterministic, needs nothing installed and
starts at once. Chosen with `model = "hashing"`, for tests and for trying the service out.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from acl.index.embedder import Vectors, require_sound
from acl.index.terms import words

DIMENSION: Final = 384


class HashingEmbedder:
    """
    Sums a fixed random direction for every word.
    """

    variant = "hashing/1"
    dimension = DIMENSION

    def embed(self, texts: Sequence[str]) -> Vectors:
        """
        Embed texts, in their order. A text without words gets a fixed direction of its own.
        """
        rows = [_embed(text) for text in texts]
        stacked = np.stack(rows) if rows else np.zeros((0, DIMENSION), dtype=np.float32)
        return require_sound(stacked, dimension=DIMENSION)


def _embed(text: str) -> Vectors:
    total = _direction("")
    for word in words(text):
        total = total + 4 * _direction(word)
    return (total / np.linalg.norm(total)).astype(np.float32)


@lru_cache(maxsize=65_536)
def _direction(word: str) -> Vectors:
    seed = hashlib.shake_256(word.encode()).digest(DIMENSION)
    spread = np.frombuffer(seed, dtype=np.uint8).astype(np.float32) - 127.5
    return spread / np.linalg.norm(spread)
