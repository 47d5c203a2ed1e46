"""
What can go wrong with keys and seals.
"""

from acl.errors import ConfigurationError, ReadershipError


class KeyFileError(ConfigurationError):
    """
    A key file is missing, malformed, or open to others; the detail says what to do.
    """

    public_message = "a key cannot be used"
    code = "key_file"


class SealBrokenError(ReadershipError):
    """
    Stored bytes are not what was sealed under this name: edited, swapped or rolled back.
    """

    public_message = "stored data failed verification"
    code = "seal_broken"
