"""
Refuses to run if the parts of this program do not come from one place.

The import packages have short names. If another package called `acl` came first on the path,
it would decide who may read what.
"""

from pathlib import Path
from types import ModuleType

import acl
import ingestion
import readership
import retrieval
from acl.errors import ConfigurationError

PARTS = (acl, ingestion, retrieval, readership)


def require_one_place(parts: tuple[ModuleType, ...] = PARTS) -> Path:
    """
    Return the directory that holds every part.

    Raises:
        ConfigurationError: They are spread over several.
    """
    places = {Path(part.__file__ or "").resolve().parent.parent for part in parts}
    if len(places) != 1:
        listed = ", ".join(f"{part.__name__} from {part.__file__}" for part in parts)
        msg = f"the parts of Readership come from different places: {listed}"
        raise ConfigurationError(msg)
    return places.pop()
