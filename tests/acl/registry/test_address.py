"""
Which addresses a registry may have. None holds a password, and no message repeats one.
"""

import traceback

import pytest
from sqlalchemy.engine import make_url

from acl.registry.address import connection_parameters, registry_address

SECRET = "hunter2"  # noqa: S105 - what must not be repeated
PLAIN = "postgresql://acme@db.acme.example/readership"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///registry.db",
        PLAIN,
        "postgresql://acme@127.0.0.1:5433/readership",
        "postgresql://acme@[::1]:5433/readership",
        "postgresql://acme@/readership?host=/run/postgresql",
        f"{PLAIN}?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
        f"{PLAIN}?sslmode=disable",
    ],
)
def test_an_address_is_taken_as_it_is(url: str) -> None:
    assert url == registry_address(url)


@pytest.mark.promise("no-inline-secret")
@pytest.mark.parametrize(
    ("url", "advice"),
    [
        (f"postgresql://acme:{SECRET}@db.acme.example/readership", "password_file"),
        ("postgresql://acme:@db.acme.example/readership", "password_file"),
        (f"{PLAIN}?password={SECRET}", "password_file"),
        (f"{PLAIN}?passfile={SECRET}", "passfile"),
        (f"{PLAIN}?options={SECRET}", "options"),
        (f"{PLAIN}?hostaddr={SECRET}", "hostaddr"),
        (f"{PLAIN}?service={SECRET}", "service"),
        (f"{PLAIN}?target_session_attrs={SECRET}", "target_session_attrs"),
        (f"{PLAIN}?sslmode=prefer", "verify-full"),
        (f"{PLAIN}?sslmode={SECRET}", "verify-full"),
        (f"{PLAIN}?sslmode=disable&sslrootcert=/{SECRET}", "switches TLS off"),
        (f"{PLAIN}?sslmode=require&sslmode=disable", "twice"),
        (f"{PLAIN}?host=/run/postgresql", "one host"),
        (f"postgresql://acme@/readership?host={SECRET}", "begins with /"),
        ("postgresql://acme@one,two/readership", "several hosts"),
        ("postgresql://acme@/readership", "one host"),
        ("postgresql://db.acme.example/readership", "no user"),
        ("postgresql://acme@db.acme.example", "no database"),
        (f"postgresql://acme:{SECRET}@db.acme.example:port/readership", "cannot be read"),
        (f"postgresql+psycopg://acme:{SECRET}@db.acme.example/readership", "postgresql://USER"),
        (f"postgres://acme:{SECRET}@db.acme.example/readership", "postgresql://USER"),
        (f"mysql://acme:{SECRET}@db.acme.example/readership", "postgresql://USER"),
        (f"acme {SECRET}", "cannot be read"),
        ("", "cannot be read"),
        ("sqlite://", "sqlite:///FILE"),
        ("sqlite:///:memory:", "sqlite:///FILE"),
    ],
)
def test_an_address_that_is_not_safe_is_refused_without_being_repeated(
    url: str, advice: str
) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        registry_address(url)

    assert advice in str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value)).replace(repr(url), "")


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (PLAIN, "verify-full"),
        (f"{PLAIN}?sslmode=require", "require"),
        (f"{PLAIN}?sslmode=disable", "disable"),
        ("postgresql://acme@127.0.0.1/readership", None),
        ("postgresql://acme@/readership?host=/run/postgresql", None),
    ],
)
def test_another_machine_is_verified_unless_somebody_says_otherwise(
    url: str, mode: str | None
) -> None:
    parameters = connection_parameters(make_url(url))

    assert mode == parameters.get("sslmode")
    assert "primary" == parameters["target_session_attrs"]
