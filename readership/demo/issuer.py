"""
A token issuer for the demo, unsafe by name and by nature: its private key lies in a file.

Nothing outside `readership.demo` and the tests can make a token; the service never does.
"""

import json
import os
import time
import uuid
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.jwk import ECKey

UNSAFE_DEMO_ISSUER: Final = "https://unsafe-throwaway-demo-issuer.invalid"
"""
`.invalid` can never be a real host (RFC 2606), so no real issuer can have this name.
"""

DEMO_RESOURCE: Final = "https://unsafe-demo-readership.invalid/mcp"
DEMO_CLIENT: Final = "unsafe-demo-client"
KEY_ID: Final = "unsafe-demo-key"
TOKEN_SECONDS: Final = 12 * 3_600


class UnsafeDemoIssuer:
    """
    Signs a token for whoever is named. Never use it for anything but the demo.
    """

    def __init__(self, key: ECKey) -> None:
        self._key = key

    @classmethod
    def create(cls, directory: Path) -> "UnsafeDemoIssuer":
        """
        Make a key and write its public half where the demo's configuration expects it.
        """
        key = ECKey.generate_key("P-256", {"kid": KEY_ID, "use": "sig", "alg": "ES256"})
        public = json.dumps({"keys": [key.as_dict(private=False)]})
        _write_private(directory / "unsafe-demo-issuer.jwks.json", public)
        return cls(key)

    def token(
        self, subject: str, *, scope: str = "rag.search rag.read", client: str = DEMO_CLIENT
    ) -> str:
        """
        Sign a token.
        """
        now = int(time.time())
        claims = {
            "iss": UNSAFE_DEMO_ISSUER,
            "sub": subject,
            "aud": DEMO_RESOURCE,
            "client_id": client,
            "scope": scope,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": uuid.uuid4().hex,
        }
        header = {"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])

    def write_token(self, subject: str, path: Path) -> None:
        """
        Sign a token into a file that only its owner can read.
        """
        _write_private(path, self.token(subject))


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
