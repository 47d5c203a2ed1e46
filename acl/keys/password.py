"""
Passwords that this service presents elsewhere: each in a file of its own, never in a setting.
"""

from pathlib import Path

from acl.errors import ConfigurationError
from acl.keys.files import require_private


def read_password(path: Path) -> str:
    """
    Read the password; the file's last line break does not belong to it.

    Raises:
        KeyFileError: It is missing, or others may read it.
        ConfigurationError: It is empty, or holds more than one line.
    """
    require_private(path, if_missing="write the password there, and: chmod 600")
    try:
        password = path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"password_file {path} cannot be read as text"
        raise ConfigurationError(msg) from error
    if not password or "\n" in password or "\0" in password:
        msg = f"password_file {path} must hold the password on one line, nothing else"
        raise ConfigurationError(msg)
    return password
