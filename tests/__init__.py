"""
The tests mirror the packages; the folders beside them hold what crosses packages.
"""

import os
from typing import Final

LIMITS: Final = ("REQUESTS", "PASSAGES", "DOCUMENTS", "BYTES")
# One reader of a test asks more than any person; and one port cannot serve many processes. What
# the limits do is tested with limits of its own (tests/retrieval/test_limits.py).
os.environ.update({f"READERSHIP_LIMITS__{name}": "1000000000" for name in LIMITS})
os.environ["READERSHIP_METRICS__PORT"] = "0"
