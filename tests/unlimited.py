"""
Lifts, for what this process starts, the limits that one test's reader would reach sooner than any
person. What they do is tested with limits of its own (`tests/retrieval/test_carried_away.py`).
"""

import os
from typing import Final

LIMITS: Final = ("REQUESTS", "PASSAGES", "DOCUMENTS", "BYTES")


def lift_limits() -> None:
    """
    Set the environment, and no port for metrics: one port cannot serve many processes.
    """
    os.environ.update({f"READERSHIP_LIMITS__{name}": "1000000000" for name in LIMITS})
    os.environ["READERSHIP_METRICS__PORT"] = "0"
