"""
Numbers for operators. None of them says anything about one reader, client or document.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter

REGISTRY: Final = CollectorRegistry()
"""
All numbers of this process.
"""

LIMITS: Final = ("requests", "passages", "documents", "bytes")

requests: Final = Counter(
    "readership_requests", "Requests of readers that were let in.", registry=REGISTRY
)
released: Final = Counter(
    "readership_released", "What has left, by what is counted.", ["what"], registry=REGISTRY
)
limited: Final = Counter(
    "readership_limited", "Requests refused by a limit, by which.", ["limit"], registry=REGISTRY
)
limiter_failures: Final = Counter(
    "readership_limiter_failures",
    "Requests refused because the limits could not be counted.",
    registry=REGISTRY,
)
for _name in LIMITS:
    limited.labels(_name)
for _name in LIMITS[1:]:
    released.labels(_name)
