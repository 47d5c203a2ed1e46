"""
What kind of system speaks under a name of the configuration.
"""

from enum import StrEnum


class Definer(StrEnum):
    """
    The kind of system that defines groups, and says who there is.

    What one kind has said under a name is never taken for the word of another: each takes back
    in its own way what it said before.
    """

    SOURCE = "source"
    LDAP = "ldap"
    SCIM = "scim"
