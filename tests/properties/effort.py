"""
How hard the randomised tests try.

An everyday run is short; with `READERSHIP_DEEP=1` every count is twenty times as high.
"""

import os
from typing import Final

from hypothesis import HealthCheck, settings

DEEP: Final = os.environ.get("READERSHIP_DEEP") == "1"
DEEPER: Final = 20


def times(everyday: int) -> int:
    """
    Return how often to try, for a test that tries `everyday` times on every push.
    """
    return everyday * DEEPER if DEEP else everyday


def tries(everyday: int) -> settings:
    """
    Return the settings of a property test; machines differ, so no example has a deadline.
    """
    return settings(
        max_examples=times(everyday),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
