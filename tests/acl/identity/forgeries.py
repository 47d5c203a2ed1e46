"""
The attack list: tokens that must not pass, each spoiled in one way (reference: RFC 8725, and
what libraries are known to accept).
"""

import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.acl.identity.issuers import (
    ALGORITHMS,
    AUDIENCE,
    CLAIMS,
    HEADER,
    ISSUER,
    LEEWAY,
    LIFETIME,
    NOW,
    OTHER_ISSUER,
    Issuer,
    b64,
    unb64,
)

Forgery = Callable[[Issuer], str]
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

BAD_HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "typ is an ID token's": {"typ": "JWT"},
    "typ is null": {"typ": None},
    "typ is a number": {"typ": 7},
    "typ is a list": {"typ": ["at+jwt"]},
    "typ is empty": {"typ": ""},
    "typ has a space": {"typ": "at+jwt "},
    "typ is a security event's": {"typ": "secevent+jwt"},
    "typ is a proof's": {"typ": "dpop+jwt"},
    "typ has another family": {"typ": "text/at+jwt"},
    "typ is a logout token's": {"typ": "logout+jwt"},
    "typ is a refresh token's": {"typ": "rt+jwt"},
    "typ is an introspection's": {"typ": "token-introspection+jwt"},
    "typ has a parameter": {"typ": "at+jwt; charset=utf-8"},
    "typ ends in NUL": {"typ": "at+jwt\0"},
    "typ looks alike": {"typ": "\u0430t+jwt"},
    "typ is another word for it": {"typ": "access_token"},
    "kid is null": {"kid": None},
    "kid is a number": {"kid": 1},
    "kid is a list": {"kid": ["2027-01"]},
    "kid is empty": {"kid": ""},
    "kid is unknown": {"kid": "2026-12"},
    "kid is a path": {"kid": "../../../../dev/null"},
    "kid is an absolute path": {"kid": "/etc/passwd"},
    "kid is SQL": {"kid": "' UNION SELECT 'key' --"},
    "kid is an address": {"kid": "https://evil.example/jwks.json"},
    "kid is a command": {"kid": "2027-01|curl evil.example"},
    "kid ends in NUL": {"kid": "2027-01\0"},
    "kid ends in a space": {"kid": "2027-01 "},
    "kid begins with a space": {"kid": " 2027-01"},
    "kid ends in a newline": {"kid": "2027-01\n"},
    "kid in full-width digits": {"kid": "\uff12\uff10\uff12\uff17-\uff10\uff11"},
    "kid has an invisible character": {"kid": "2027\u200b-01"},
    "kid is a template": {"kid": "{{2027}}-01"},
    "kid is a query": {"kid": "*)(kid=2027-01"},
    "kid is on another machine": {"kid": "\\\\evil.example\\share"},
    "kid is true": {"kid": True},
    "kid is an object": {"kid": {"$ne": None}},
    "kid is half a surrogate": {"kid": "\ud800"},
    "kid is 10 kB": {"kid": "k" * 10_000},
    "alg is null": {"alg": None},
    "alg is a list": {"alg": ["RS256"]},
    "alg is empty": {"alg": ""},
    "alg is unknown": {"alg": "RS257"},
    "alg is in lower case": {"alg": "rs256"},
    "alg is of another family": {"alg": "RS384"},
    "alg is of another key": {"alg": "ES384"},
    **{
        f"alg is {name}": {"alg": name}
        for name in ("RS512", "PS384", "PS512", "ES512", "ES256K", "Ed25519", "Ed448", "ML-DSA-44")
    },
    "alg has a space": {"alg": "RS256 "},
    "alg encrypts": {"alg": "RSA-OAEP", "enc": "A256GCM"},
    "jku": {"jku": "https://evil.example/jwks.json"},
    "jku is the issuer's": {"jku": f"{ISSUER}/jwks.json"},
    "x5u": {"x5u": "https://evil.example/cert.pem"},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t": "AAAA"},
    "x5t#S256": {"x5t#S256": "AAAA"},
    "jwk is null": {"jwk": None},
    "crit is unknown": {"crit": ["https://evil.example/ext"], "https://evil.example/ext": True},
    "crit names exp": {"crit": ["exp"], "exp": NOW + 600},
    "crit names kid": {"crit": ["kid"]},
    "crit is empty": {"crit": []},
    "crit is repeated": {"crit": ["b64", "b64"], "b64": True},
    "crit is text": {"crit": "b64"},
    "crit is null": {"crit": None},
    "b64 is false": {"b64": False, "crit": ["b64"]},
    "b64 is false without crit": {"b64": False},
    "b64 is true": {"b64": True},
    "zip": {"zip": "DEF"},
    "cty is nested": {"cty": "JWT"},
}

BAD_CLAIMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "iss has a slash": {"iss": f"{ISSUER}/"},
    "iss in upper case": {"iss": ISSUER.upper()},
    "iss over http": {"iss": ISSUER.replace("https", "http")},
    "iss is a list": {"iss": [ISSUER]},
    "iss is null": {"iss": None},
    "iss is an object": {"iss": {"issuer": ISSUER}},
    "iss is unknown": {"iss": "https://evil.example"},
    "iss in punycode": {"iss": "https://xn--dp-mja.acme.example"},
    "iss looks alike": {"iss": ISSUER.replace("a", "\u0430")},
    "iss has a space": {"iss": f" {ISSUER}"},
    "iss is a prefix": {"iss": ISSUER[:-1]},
    "iss has a port": {"iss": f"{ISSUER}:443"},
    "iss has a dot": {"iss": f"{ISSUER}."},
    "iss has a user": {"iss": ISSUER.replace("//", "//evil@")},
    "iss has a query": {"iss": f"{ISSUER}?"},
    "iss has a fragment": {"iss": f"{ISSUER}#"},
    "iss is percent-encoded": {"iss": ISSUER.replace("a", "%61")},
    "iss ends in NUL": {"iss": f"{ISSUER}\0"},
    "aud is null": {"aud": None},
    "aud is another's": {"aud": "https://other.acme.example"},
    "aud is a list without us": {"aud": ["https://other.acme.example"]},
    "aud is an empty list": {"aud": []},
    "aud is a prefix of us": {"aud": AUDIENCE[:-4]},
    "aud starts with us": {"aud": f"{AUDIENCE}/v2"},
    "aud contains us": {"aud": f"https://evil.example/?{AUDIENCE}"},
    "aud in upper case": {"aud": AUDIENCE.upper()},
    "aud has a slash": {"aud": f"{AUDIENCE}/"},
    "aud lists us in a text": {"aud": f"{AUDIENCE} https://other.acme.example"},
    "aud is a nested list": {"aud": [[AUDIENCE]]},
    "aud mixes types": {"aud": [AUDIENCE, 7]},
    "aud is an object": {"aud": {AUDIENCE: True}},
    "aud is a number": {"aud": 7},
    "aud has a port": {"aud": AUDIENCE.replace(".example", ".example:443")},
    "aud is percent-encoded": {"aud": AUDIENCE.replace("a", "%61")},
    "aud is listed in another case": {"aud": ["x", AUDIENCE.title()]},
    "exp has passed": {"iat": NOW - 900, "exp": NOW - LEEWAY - 1},
    "exp has just passed": {"iat": NOW - 900, "exp": NOW - LEEWAY},
    "exp is null": {"exp": None},
    "exp is true": {"exp": True},
    "exp is text": {"exp": str(NOW + 600)},
    "exp is a date": {"exp": "2027-01-01T13:00:00Z"},
    "exp is a fraction": {"exp": NOW + 600.5},
    "exp is a whole fraction": {"exp": float(NOW + 600)},
    "exp is a list": {"exp": [NOW + 600]},
    "exp is an object": {"exp": {}},
    "exp is zero": {"exp": 0},
    "exp is negative": {"exp": -NOW},
    "exp is far away": {"exp": 10**17},
    "exp before iat": {"iat": NOW + 10, "exp": NOW + 5},
    "exp is iat": {"iat": NOW, "exp": NOW},
    "lives too long": {"iat": NOW, "exp": NOW + LIFETIME + 1},
    "lived too long": {"iat": NOW - LIFETIME, "exp": NOW + 60},
    "iat is in the future": {"iat": NOW + LEEWAY + 1},
    "iat is null": {"iat": None},
    "iat is true": {"iat": True},
    "iat is text": {"iat": str(NOW)},
    "iat is a fraction": {"iat": NOW + 0.5},
    "iat is far back": {"iat": -(10**17)},
    "nbf is to come": {"nbf": NOW + LEEWAY + 1},
    "nbf is text": {"nbf": str(NOW)},
    "nbf is null": {"nbf": None},
    "nbf is true": {"nbf": True},
    "nbf is a fraction": {"nbf": NOW - 0.5},
    "nbf is far away": {"nbf": 10**17},
    "sub is null": {"sub": None},
    "sub is empty": {"sub": ""},
    "sub is a list": {"sub": ["alice"]},
    "sub is a number": {"sub": 1},
    "sub is true": {"sub": True},
    "sub is an object": {"sub": {"id": "alice"}},
    "sub has a newline": {"sub": "alice\nbob"},
    "sub has a NUL": {"sub": "alice\0"},
    "sub turns the text round": {"sub": "\u202eecila"},
    "sub is half a surrogate": {"sub": "\udc00"},
    "sub is too long": {"sub": "a" * 256},
    "client_id is null": {"client_id": None},
    "client_id is empty": {"client_id": ""},
    "client_id is a list": {"client_id": ["chat"]},
    "client_id is a number": {"client_id": 7},
    "azp names another client": {"azp": "desktop"},
    "appid names another client": {"appid": "desktop"},
    "cid names another client": {"cid": "desktop"},
    "azp names none": {"azp": None},
    "azp names two": {"azp": ["chat", "desktop"]},
    "cnf by thumbprint": {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
    "cnf by certificate": {"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}},
    "cnf is empty": {"cnf": {}},
    "cnf is false": {"cnf": False},
    "scope is an object": {"scope": {"rag.search": True}},
    "scope is a number": {"scope": 7},
    "scope mixes types": {"scope": ["rag.search", 7]},
    "scope is nested": {"scope": [["rag.search"]]},
    "scope is true": {"scope": True},
    "scope has a tab": {"scope": "rag.search\trag.admin"},
    "scope has a newline": {"scope": "rag.search\nrag.admin"},
    "scope has a quote": {"scope": 'rag.search"'},
    "scope is not ASCII": {"scope": "rag.s\u0435arch"},
    "scope lists two as one": {"scope": ["rag.search rag.admin"]},
    "scope lists none": {"scope": [""]},
    "an ID token by its hash": {"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"},
    "an ID token by its code": {"c_hash": "LDktKdoQak3Pk0cnXxCltA"},
    "a logout token": {
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        "sid": "08a5019c",
    },
    "act is text": {"act": "agent"},
    "act is a list": {"act": [{"sub": "agent"}]},
    "act has no sub": {"act": {}},
    "act.sub is a number": {"act": {"sub": 7}},
    "act.sub is empty": {"act": {"sub": ""}},
    "act.sub has a newline": {"act": {"sub": "agent\nadmin"}},
    "act.act is text": {"act": {"sub": "agent", "act": "chat"}},
    "act is nine deep": {
        "act": {"sub": "1", "act": {"sub": "2", "act": {"sub": "3", "act": {"sub": "4", "act": {
            "sub": "5", "act": {"sub": "6", "act": {"sub": "7", "act": {"sub": "8", "act": {
                "sub": "9"}}}}}}}}}
    },
}  # fmt: skip

RAW_PAYLOADS: Final[Mapping[str, Callable[[str], str | bytes]]] = {
    "sub twice": lambda text: text[:-1] + ', "sub": "bob"}',
    "sub twice by escape": lambda text: text[:-1] + ', "s\\u0075b": "bob"}',
    "iss twice": lambda text: text[:-1] + f', "iss": "{ISSUER}"}}',
    "aud twice": lambda text: text[:-1] + f', "aud": "{AUDIENCE}"}}',
    "exp twice": lambda text: text[:-1] + f', "exp": {NOW + 700}}}',
    "exp is NaN": lambda text: text.replace(str(NOW + 600), "NaN"),
    "exp is Infinity": lambda text: text.replace(str(NOW + 600), "Infinity"),
    "exp is -Infinity": lambda text: text.replace(str(NOW + 600), "-Infinity"),
    "exp overflows": lambda text: text.replace(str(NOW + 600), "1e400"),
    "exp has 5,000 digits": lambda text: text.replace(str(NOW + 600), "9" * 5_000),
    "iat has 5,000 digits": lambda text: text.replace(str(NOW - 60), "9" * 5_000),
    "nested 5,000 deep": lambda text: text[:-1] + ', "x": ' + "[" * 5_000 + "]" * 5_000 + "}",
    "nested 17 deep": lambda text: text[:-1] + ', "x": ' + "[" * 17 + "]" * 17 + "}",
    "nested 50,000 deep": lambda text: text[:-1] + ', "x": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "sub twice further in": lambda text: text[:-1] + ', "x": {"sub": "bob", "sub": "alice"}}',
    "exp with a sign": lambda text: text.replace(str(NOW + 600), f"+{NOW + 600}"),
    "exp with a zero before": lambda text: text.replace(str(NOW + 600), f"0{NOW + 600}"),
    "exp in hexadecimal": lambda text: text.replace(str(NOW + 600), hex(NOW + 600)),
    "a comment": lambda text: text[:-1] + "/* exp */}",
    "single quotes": lambda text: text.replace('"', "'"),
    "a list": lambda text: f"[{text}]",
    "a text": json.dumps,
    "null": lambda _: "null",
    "empty object": lambda _: "{}",
    "two objects": lambda text: text + text,
    "a trailing comma": lambda text: text[:-1] + ",}",
    "a trailing NUL": lambda text: text + "\0",
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "not UTF-8": lambda text: text.encode().replace(b"alice", b"ali\xffce"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "compressed": lambda text: zlib.compress(text.encode()),
}

RAW_HEADERS: Final[Mapping[str, Callable[[str], str | bytes]]] = {
    "alg twice": lambda text: text[:-1] + ', "alg": "none"}',
    "kid twice": lambda text: text[:-1] + ', "kid": "2027-01"}',
    "typ twice": lambda text: text[:-1] + ', "typ": "JWT"}',
    "a list": lambda text: f"[{text}]",
    "empty": lambda _: "{}",
    "not JSON": lambda _: "header",
    "nested 17 deep": lambda text: text[:-1] + ', "x": ' + "[" * 17 + "]" * 17 + "}",
    "not UTF-8": lambda text: text.encode().replace(b"2027", b"\xff027"),
}

RESHAPED: Final[Mapping[str, Callable[[str], str]]] = {
    "empty": lambda _: "",
    "dots": lambda _: "..",
    "no signature": lambda t: t.rpartition(".")[0],
    "an empty signature": lambda t: t.rpartition(".")[0] + ".",
    "an empty payload": lambda t: f"{t.split('.')[0]}..{t.split('.')[2]}",
    "an empty header": lambda t: t[t.index(".") :],
    "four parts": lambda t: t + ".AAAA",
    "five parts": lambda t: t + ".AAAA.AAAA",
    "a trailing dot": lambda t: t + ".",
    "a space before": lambda t: " " + t,
    "a space after": lambda t: t + " ",
    "a newline after": lambda t: t + "\n",
    "a newline inside": lambda t: t[:20] + "\n" + t[20:],
    "a NUL after": lambda t: t + "\0",
    "bytes after": lambda t: t + "AAAA",
    "one character after": lambda t: t + "A",
    "padding after": lambda t: t + "==",
    "padding in the header": lambda t: t.replace(".", "=.", 1),
    "padding in the payload": lambda t: "==.".join(t.rsplit(".", 1)),
    "a stray character": lambda t: t + "*",
    "not ASCII": lambda t: t + "é",
    "half a surrogate": lambda t: t + "\ud800",
    "full-width letters": lambda t: "\uff45" + t[1:],
    "the general serialisation": lambda t: json.dumps(
        {"payload": t.split(".")[1], "signatures": [_signature_object(t)]}
    ),
    "the flattened serialisation": lambda t: json.dumps(
        {"payload": t.split(".")[1], **_signature_object(t)}
    ),
    "with its scheme": lambda t: "Bearer " + t,
    "quoted": lambda t: f'"{t}"',
    "two tokens": lambda t: f"{t},{t}",
    "two tokens as one": lambda t: t + t,
    "a tab before": lambda t: "\t" + t,
    "percent-encoded": lambda t: t.replace(".", "%2E"),
    "encoded twice": lambda t: b64(t.encode()),
    "as an array": lambda t: json.dumps([t]),
    "parts in another order": lambda t: ".".join(reversed(t.split("."))),
}  # fmt: skip


def _signature_object(token: str) -> dict[str, str]:
    protected, _, signature = token.split(".")
    return {"protected": protected, "signature": signature}


def _header(change: Mapping[str, Any], issuer: Issuer) -> str:
    return issuer.token(change)


def _claims(change: Mapping[str, Any], issuer: Issuer) -> str:
    return issuer.token(claims=change)


def _without(member: str, issuer: Issuer) -> str:
    return issuer.token(without=(member,))


def _texts(issuer: Issuer) -> tuple[str, str]:
    return json.dumps({**HEADER, "alg": issuer.algorithm}), json.dumps(dict(CLAIMS))


def _raw_payload(change: Callable[[str], str | bytes], issuer: Issuer) -> str:
    header, payload = _texts(issuer)
    return issuer.sign_texts(header, change(payload))


def _raw_header(change: Callable[[str], str | bytes], issuer: Issuer) -> str:
    header, payload = _texts(issuer)
    return issuer.sign_texts(change(header), payload)


def _reshaped(change: Callable[[str], str], issuer: Issuer) -> str:
    return change(issuer.token())


def _unsigned(algorithm: str, signature: str, issuer: Issuer) -> str:
    signed = issuer.token({"alg": algorithm}).rpartition(".")[0]
    return f"{signed}.{signature}"


def _another_algorithm(further: int, issuer: Issuer) -> str:
    """
    A sound signature under the name of another algorithm that issuers use.
    """
    named = ALGORITHMS[(ALGORITHMS.index(issuer.algorithm) + further) % len(ALGORITHMS)]
    return issuer.token({"alg": named})


def _hmac(algorithm: str, encoding: str, issuer: Issuer) -> str:
    """
    Take the public key for an HMAC secret: the confusion of RFC 8725, section 2.1.
    """
    public = issuer.key.public_key()
    form: dict[str, Callable[[], bytes]] = {
        "PEM": lambda: public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "DER": lambda: public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": lambda: json.dumps(issuer.jwk()).encode(),
        "nothing": lambda: b"",
    }
    hashed = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
    signed = issuer.token({"alg": algorithm}).rpartition(".")[0]
    return (
        f"{signed}.{b64(hmac.new(form[encoding](), signed.encode(), hashed[algorithm]).digest())}"
    )


def _resigned(change: Callable[[bytes], bytes], issuer: Issuer) -> str:
    signed, _, signature = issuer.token().rpartition(".")
    return f"{signed}.{b64(change(unb64(signature)))}"


def _another_key(header: Mapping[str, Any], issuer: Issuer) -> str:
    evil = Issuer(issuer.algorithm, owner="evil")
    return evil.token({name: evil.jwk() if name == "jwk" else v for name, v in header.items()})


def _own_jwk(issuer: Issuer) -> str:
    return issuer.token({"jwk": issuer.jwk()})


def _other_payload(issuer: Issuer) -> str:
    header, _, signature = issuer.token().split(".")
    return f"{header}.{b64(json.dumps({**CLAIMS, 'sub': 'bob'}).encode())}.{signature}"


def _other_header(issuer: Issuer) -> str:
    _, payload, signature = issuer.token().split(".")
    changed = json.dumps({**HEADER, "alg": issuer.algorithm, "x": 1})
    return f"{b64(changed.encode())}.{payload}.{signature}"


def _other_issuers_key(issuer: Issuer) -> str:
    """
    A token that claims our issuer, signed by another trusted issuer with the same `kid`.
    """
    return Issuer(issuer.algorithm, owner="globex").token()


def _other_issuers_name(issuer: Issuer) -> str:
    return issuer.token(claims={"iss": OTHER_ISSUER})


def _too_big(issuer: Issuer) -> str:
    return issuer.token(claims={"x": "a" * 1_000_000})


def _spare_bits(issuer: Issuer) -> str:
    """
    The same signature spelt with other spare bits in its last character, or with a longer one.
    """
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = issuer.token()
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _standard_alphabet(issuer: Issuer) -> str:
    """
    Base64 with + and / instead of - and _.
    """
    for number in range(500):
        token = issuer.token(claims={"jti": str(number)})
        head, _, signature = token.rpartition(".")
        if set("-_") & set(signature):
            return f"{head}.{signature.replace('-', '+').replace('_', '/')}"
    raise AssertionError


def _encrypted(header: Mapping[str, Any], issuer: Issuer) -> str:
    shown = b64(json.dumps({"kid": HEADER["kid"], "typ": "at+jwt", **header}).encode())
    return (
        f"{shown}.{b64(b'k' * 40)}.{b64(b'i' * 12)}.{b64(issuer.token().encode())}.{b64(b't' * 16)}"
    )


def _der_signature(signature: bytes) -> bytes:
    half = len(signature) // 2
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    return encode_dss_signature(r, s)


def _filled(byte: int) -> Callable[[bytes], bytes]:
    return lambda signature: bytes([byte]) * len(signature)


SIGNATURES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zeros (r = s = 0)": _filled(0),
    "ones (r, s >= n)": _filled(255),
    "the order of P-256": lambda _: P256_ORDER.to_bytes(32, "big") * 2,
    "one and one": lambda _: (1).to_bytes(32, "big") * 2,
    "first bit flipped": lambda s: bytes([s[0] ^ 128]) + s[1:],
    "last bit flipped": lambda s: s[:-1] + bytes([s[-1] ^ 1]),
    "a byte short": lambda s: s[:-1],
    "a byte long": lambda s: s + b"\0",
    "a zero before": lambda s: b"\0" + s,
    "halved": lambda s: s[: len(s) // 2],
    "doubled": lambda s: s + s,
    "reversed": lambda s: s[::-1],
    "in DER": _der_signature,
    "one byte": lambda _: b"\0",
}

FORGERIES: Final[Mapping[str, Forgery]] = {
    **{f"header: {name}": partial(_header, change) for name, change in BAD_HEADERS.items()},
    **{f"claims: {name}": partial(_claims, change) for name, change in BAD_CLAIMS.items()},
    **{
        f"without {name}": partial(_without, name)
        for name in ("typ", "kid", "alg", "iss", "aud", "exp", "iat", "sub", "client_id")
    },
    **{f"payload: {name}": partial(_raw_payload, c) for name, c in RAW_PAYLOADS.items()},
    **{f"raw header: {name}": partial(_raw_header, c) for name, c in RAW_HEADERS.items()},
    **{f"shape: {name}": partial(_reshaped, change) for name, change in RESHAPED.items()},
    **{f"signature: {name}": partial(_resigned, change) for name, change in SIGNATURES.items()},
    **{
        f"alg {spelt} with {what} signature": partial(_unsigned, spelt, signature)
        for spelt in ("none", "None", "NONE", "nOnE", "none ")
        for what, signature in (("no", ""), ("a short", "AA"), ("a made-up", "AAAA" * 16))
    },
    **{
        f"{algorithm} with the public key as {encoding}": partial(_hmac, algorithm, encoding)
        for algorithm in ("HS256", "HS384", "HS512")
        for encoding in ("PEM", "DER", "JWK", "nothing")
    },
    **{
        f"the algorithm {further} further": partial(_another_algorithm, further)
        for further in range(1, len(ALGORITHMS))
    },
    "another key of the same kid": partial(_another_key, {}),
    "another key, brought along": partial(_another_key, {"jwk": None}),
    "another key, at an address": partial(_another_key, {"jku": "https://evil.example/k"}),
    "another key, by certificate": partial(_another_key, {"x5c": ["MIIB"]}),
    "the right key, brought along": _own_jwk,
    "exp as a power of ten": partial(
        _raw_payload, lambda text: text.replace(str(NOW + 600), "2e9")
    ),
    "another payload": _other_payload,
    "another header": _other_header,
    "another issuer's key": _other_issuers_key,
    "another issuer's name": _other_issuers_name,
    "a megabyte": _too_big,
    "spare bits": _spare_bits,
    "base64 of the standard alphabet": _standard_alphabet,
    "JWE": partial(_encrypted, {"alg": "RSA-OAEP", "enc": "A256GCM"}),
    "JWE, direct": partial(_encrypted, {"alg": "dir", "enc": "A256GCM"}),
    "JWE, zipped": partial(_encrypted, {"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"}),
    "JWE, password": partial(
        _encrypted, {"alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 10**9}
    ),
}

GENUINE: Final[Mapping[str, Forgery]] = {
    "header: ": partial(_header, {}),
    "claims: ": partial(_claims, {}),
    "without ": lambda issuer: issuer.token(without=()),
    "payload: ": partial(_raw_payload, str),
    "raw header: ": partial(_raw_header, str),
    "shape: ": partial(_reshaped, str),
    "signature: ": partial(_resigned, bytes),
    "": lambda issuer: issuer.token(),
}
"""
What each family of forgeries makes when it spoils nothing, by how their names begin: tokens that
are accepted, so that it is the spoiling for which a forgery is refused.
"""


def genuine(forgery: str) -> Forgery:
    """
    Return the maker of a forgery, without its spoiling.
    """
    return next(maker for beginning, maker in GENUINE.items() if forgery.startswith(beginning))
