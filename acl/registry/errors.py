"""
What can go wrong with the registry.
"""

from acl.errors import ConfigurationError, ReadershipError


class RegistryUnavailableError(ReadershipError):
    """
    The registry did not answer. Nothing may be released without it.
    """

    public_message = "the service is temporarily unavailable"
    code = "registry_unavailable"


class RegistryMismatchError(ConfigurationError):
    """
    The registry on disk is not the one that this program or configuration expects.
    """

    public_message = "the registry does not fit this installation"
    code = "registry_mismatch"


class StaleEventError(ReadershipError):
    """
    A push tells of an event that an accepted push is newer than, or contradicts.
    """

    public_message = "a newer event has been accepted; nothing was changed"
    code = "stale_event"


class PreconditionFailedError(ReadershipError):
    """
    A push was to be accepted on a condition, and the condition does not hold.
    """

    public_message = "the condition does not hold; nothing was changed"
    code = "precondition_failed"


class NotRecordedError(ReadershipError):
    """
    The past was asked for something that is not recorded.
    """

    public_message = "nothing is recorded of that epoch or moment"
    code = "not_recorded"
