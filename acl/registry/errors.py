"""
What can go wrong with the registry.
"""

from acl.errors import ConfigurationError, InputError, ReadershipError


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


class NotProvisionedError(ReadershipError):
    """
    The directory has provisioned nothing of this id.
    """

    public_message = "not found"
    code = "not_found"


class TakenError(ReadershipError):
    """
    Another user, or group, of the directory has this name or id already.
    """

    public_message = "another resource has this name or id already"
    code = "uniqueness"


class UnusableStatementError(InputError):
    """
    What is stated cannot be a user, or a group, of this directory; the detail says why.
    """

    public_message = "the statement cannot be used; nothing was changed"
    code = "invalid_value"
