"""
Where a person is reached on the net: e-mail addresses, public IP addresses, personal pages.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from itertools import pairwise

from acl.model.redaction import Finding

_EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_][\w-]{1,62}\b"
)
_SHARED_MAILBOXES = ("git@", "root@", "noreply@", "no-reply@")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{3,39}(?![\w:])")
_ALLOCATED = IPv6Network("2000::/3")
_PERSONAL_URL = re.compile(
    r"\bhttps?://(?:[^\s/@<>\"]{1,64}@[^\s<>\"]{1,200}"
    r"|(?:[\w-]{1,32}\.){0,3}(?:linkedin\.com/in|facebook\.com|instagram\.com|twitter\.com|x\.com"
    r"|t\.me)/[^\s<>\"/]{1,64}"
    r"|[^\s<>\"/]{1,100}/(?:~|users?/|people/|profiles?/)[^\s<>\"/]{1,64})"
)


def email_addresses(text: str) -> Iterator[Finding]:
    """
    Find e-mail addresses, also of internal domains without a public suffix.
    """
    for match in _EMAIL.finditer(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip("!#$%&'*+/=?^`{|}~.-"))
        if not text.startswith(_SHARED_MAILBOXES, start):
            yield Finding(start, match.end(), "EMAIL_ADDRESS", 1.0, "email_addresses")


def public_ip_addresses(text: str) -> Iterator[Finding]:
    """
    Find addresses of the public internet.

    Private, loopback and documentation ranges are left: they name no person, and manuals are
    full of them.
    """
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _is_public(match[0]):
                yield Finding(match.start(), match.end(), "IP_ADDRESS", 1.0, "public_ip_addresses")


def personal_urls(text: str) -> Iterator[Finding]:
    """
    Find addresses of pages that stand for a person, or that carry a user name and password.

    Other URLs are left: they are what documentation is about.
    """
    for match in _PERSONAL_URL.finditer(text):
        yield Finding(match.start(), match.end(), "PERSONAL_URL", 0.9, "personal_urls")


def _is_public(form: str) -> bool:
    try:
        address = ip_address(form)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast and not _is_example(address, form)


def _is_example(address: IPv4Address | IPv6Address, form: str) -> bool:
    if isinstance(address, IPv4Address):
        # "1.2.3.4" and its kin: each number one above the one before.
        return all(later - earlier == 1 for earlier, later in pairwise(address.packed))
    # Shortened forms outside the allocated range are made up, such as "abcd::1234".
    return address not in _ALLOCATED and "::" in form
