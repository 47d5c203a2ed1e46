"""
The port that turns text into dense vectors.
"""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
"""
Shape (n, dimension), every row of unit length.
"""

NORM_TOLERANCE = 1e-2


class Embedder(Protocol):
    """
    Embeds texts. Vectors of different variants must never meet in one index.
    """

    @property
    def variant(self) -> str:
        """
        Names model, weights and numeric precision; stored with the vectors.
        """
        ...

    @property
    def dimension(self) -> int:
        """
        Length of a vector.
        """
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """
        Embed texts, in their order.
        """
        ...


def require_sound(vectors: Vectors, *, dimension: int) -> Vectors:
    """
    Return the vectors if every one is finite and of unit length.

    The engine accepts NaN and then answers nonsense, so this is asked before it.

    Raises:
        ValueError: They are not.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:  # noqa: PLR2004 - rows and columns
        msg = f"expected vectors of dimension {dimension}, got shape {vectors.shape}"
        raise ValueError(msg)
    norms = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(norms).all() or (np.abs(norms - 1) > NORM_TOLERANCE).any():
        msg = "a vector is not finite or not of unit length"
        raise ValueError(msg)
    return vectors
