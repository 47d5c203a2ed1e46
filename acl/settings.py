"""
The configuration of an installation: `readership.toml`, and the environment over it.

Every key is also an environment variable: `READERSHIP_SERVICE__TENANT`, or for lists one JSON
value, `READERSHIP_SOURCES='[{...}]'`. Unknown keys are errors. Nothing here can loosen a
permission check, and no secret is ever written here: keys and credentials are files.

Only `wiring` modules read settings.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from acl.errors import ConfigurationError
from acl.identity.tokens import MAX_LIFETIME_SECONDS
from acl.model.documents import UNLABELLED
from acl.registry.address import registry_address
from acl.settings_brake import Brake, BrakeSettings
from acl.settings_directories import DirectorySettings, names_of, require_distinct
from acl.settings_labels import LabelSettings
from acl.settings_sources import SourceSettings
from acl.settings_values import Algorithms, Duration, HttpsAddress, Name, Section

DEFAULT_FILE: Final = "readership.toml"
CONFIG_VARIABLE: Final = "READERSHIP_CONFIG"
TEST_VARIABLES: Final = frozenset({"READERSHIP_DEEP", "READERSHIP_TEST_POSTGRES"})
"""
Read by the test suite, which starts this program.
"""


class ServiceSettings(Section):
    """
    What this installation is.
    """

    tenant: Name
    """The customer boundary. It cannot change once data exists."""

    resource: HttpsAddress
    """The RFC 8707 resource identifier, and the first accepted audience."""

    data_dir: Path = Path("data")
    """Registry, index, keys and audit trail; relative to the configuration file."""


class LinkSettings(Section):
    """
    A claim that is a user's id in an authority.
    """

    claim: str = Field(min_length=1)
    authority: Name


class IssuerSettings(Section):
    """
    One token issuer that is trusted to say who a reader is.
    """

    issuer: HttpsAddress
    """Compared with `iss` byte for byte."""

    audiences: list[str] = Field(min_length=1)
    """Accepted `aud` values; without one, tokens for every other service would be accepted."""

    algorithms: Algorithms = Field(default=["RS256", "ES256"], min_length=1)
    """Signature algorithms; asymmetric only."""

    profile: Literal["rfc9068", "entra", "okta", "keycloak", "generic"] = "rfc9068"
    """What the issuer's access tokens look like; see `acl.identity.profiles`."""

    jwks_file: Path | None = None
    """Pinned public keys; without it they come from the issuer's discovery document."""

    client_claim: str | None = None
    """The claim that names the client; the profile decides otherwise."""

    max_lifetime: Duration = timedelta(hours=1)
    """The longest life of a token, from `iat` to `exp`."""

    leeway: Duration = timedelta(seconds=30)
    """How far clocks may differ."""

    links: list[LinkSettings] = Field(default=[])
    """Which principals its subjects are; without a link they are nobody."""

    @model_validator(mode="after")
    def _bounded(self) -> "IssuerSettings":
        if not all(self.audiences):
            msg = "an audience is empty; list the exact aud value that your issuer puts in"
            raise ValueError(msg)
        if not 0 < self.max_lifetime.total_seconds() <= MAX_LIFETIME_SECONDS:
            msg = "max_lifetime is more than zero and at most 24h"
            raise ValueError(msg)
        if not 0 <= self.leeway.total_seconds() <= 60:  # noqa: PLR2004 - a minute of clock skew
            msg = "leeway is at most 60s"
            raise ValueError(msg)
        return self


class RegistrySettings(Section):
    """
    Where documents, permissions and sealed text are recorded.
    """

    url: Annotated[str, AfterValidator(registry_address)] = "sqlite:///registry.db"
    """A SQLite path is relative to the data directory. Otherwise postgresql://, no password."""

    password_file: Path | None = None
    """The password of PostgreSQL's role; relative to the configuration file."""

    @model_validator(mode="after")
    def _password_has_a_use(self) -> "RegistrySettings":
        if self.password_file is not None and self.url.startswith("sqlite:"):
            msg = "password_file is for PostgreSQL; remove it, or name a postgresql:// address"
            raise ValueError(msg)
        return self


class IndexSettings(Section):
    """
    Where vectors are kept.
    """

    engine: Literal["edge"] = "edge"
    """The embedded engine, in a process of its own."""

    candidates: int = Field(default=100, ge=10, le=1_000)
    """How many chunks each leg of a search brings to the fusion."""


class KeySettings(Section):
    """
    Who holds the key-encryption keys.
    """

    provider: Literal["file"] = "file"
    """Files below the data directory."""


class EmbeddingSettings(Section):
    """
    How text becomes vectors.
    """

    model: Literal["default", "hashing"] = "default"
    """`hashing` needs no model and knows no meaning: for tests and first trials."""


class RedactionSettings(Section):
    """
    How personal data is found.
    """

    processes: int = Field(default=2, ge=1, le=64)
    """How many processes look for personal data during a sync."""


class Settings(BaseSettings):
    """
    The whole configuration. Build it with `load_settings`.
    """

    model_config = SettingsConfigDict(
        env_prefix="READERSHIP_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # somebody may write a password where none belongs
    )

    service: ServiceSettings
    issuers: list[IssuerSettings] = Field(default=[])
    registry: RegistrySettings = RegistrySettings()
    index: IndexSettings = IndexSettings()
    keys: KeySettings = KeySettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    redaction: RedactionSettings = RedactionSettings()
    labels: LabelSettings | None = None
    brake: Brake = BrakeSettings()
    sources: list[SourceSettings] = Field(default=[])
    directories: list[DirectorySettings] = Field(default=[])

    @model_validator(mode="after")
    def _unambiguous(self) -> "Settings":
        for what, names in (
            ("issuers", [one.issuer for one in self.issuers]),
            ("sources", [*names_of(self.sources), *names_of(self.directories)]),
        ):
            if len(set(names)) != len(names):
                msg = f"two {what} share one name"
                raise ValueError(msg)
        require_distinct(self.directories, [one.issuer for one in self.issuers])
        return self

    @model_validator(mode="after")
    def _labelled(self) -> "Settings":
        if self.labels is None:
            return self
        for source in self.sources:
            for label in (source.label, *(rule.label for rule in source.label_rules)):
                if label is not None and label not in self.labels.order:
                    msg = f"source {source.name}: label {label!r} is not in labels.order"
                    raise ValueError(msg)
        known = {issuer.issuer for issuer in self.issuers}
        for one in (*self.labels.clients, *self.labels.assurance):
            if one.issuer is None and len(known) > 1:
                msg = "labels: several issuers are configured, so every ceiling names its issuer"
                raise ValueError(msg)
            if one.issuer is not None and one.issuer not in known:
                msg = f"labels: issuer {one.issuer} is not configured"
                raise ValueError(msg)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """
        The environment comes before the file; nothing else is read.
        """
        del dotenv_settings, file_secret_settings
        file = TomlConfigSettingsSource(settings_cls, toml_file=_file_of(init_settings))
        return env_settings, file


class Configuration(BaseModel):
    """
    Settings with every path made absolute.
    """

    model_config = ConfigDict(frozen=True)

    file: Path
    settings: Settings

    @property
    def data_dir(self) -> Path:
        """
        The data directory.
        """
        return (self.file.parent / self.settings.service.data_dir).resolve()

    @property
    def registry_url(self) -> str:
        """
        The registry's address; that of a SQLite file with an absolute path.
        """
        url = self.settings.registry.url
        if not url.startswith("sqlite:"):
            return url
        return f"sqlite:///{self.data_dir / url.removeprefix('sqlite:///')}"

    @property
    def registry_password_file(self) -> Path | None:
        """
        The file with the password of the registry's role, if there is one.
        """
        named = self.settings.registry.password_file
        return None if named is None else self.beside(named)

    def default_label(self, source: SourceSettings) -> str:
        """
        Return the label of a source's documents that state none and match no rule.
        """
        if source.label is not None:
            return source.label
        labels = self.settings.labels
        return UNLABELLED if labels is None else labels.order[-1]

    def beside(self, path: Path) -> Path:
        """
        Resolve a path that the configuration file names.
        """
        return (self.file.parent / path).resolve()

    def source(self, name: str) -> SourceSettings:
        """
        Return a source by name.

        Raises:
            ConfigurationError: There is none of that name.
        """
        for source in self.settings.sources:
            if source.name == name:
                return source
        known = ", ".join(one.name for one in self.settings.sources) or "none"
        msg = f"there is no source {name!r}; configured: {known}"
        raise ConfigurationError(msg)


def load_configuration(file: Path) -> Configuration:
    """
    Read and check the configuration.

    Raises:
        ConfigurationError: Missing, malformed, unknown or insecure; the detail says what to do.
    """
    path = file.absolute()
    if not path.is_file():
        msg = f"{path} does not exist; run 'readership init' or pass --config FILE"
        raise ConfigurationError(msg)
    if path.stat().st_mode & 0o022:
        msg = f"{path} can be changed by others; run: chmod go-w {path}"
        raise ConfigurationError(msg)
    _require_known_variables()
    try:
        settings = Settings(_file=path)  # type: ignore[call-arg]
    except ValidationError as error:
        msg = f"{path}: " + "; ".join(_sentence(dict(one)) for one in error.errors())
        raise ConfigurationError(msg) from error
    except ValueError as error:
        msg = f"{path}: {error}"
        raise ConfigurationError(msg) from error
    return Configuration(file=path, settings=settings)


def _require_known_variables() -> None:
    known = {f"READERSHIP_{name.upper()}" for name in Settings.model_fields} | {CONFIG_VARIABLE}
    for variable in sorted(os.environ):
        section = variable.upper().partition("__")[0]
        if variable.startswith("READERSHIP_") and section not in known | TEST_VARIABLES:
            msg = f"environment variable {variable} names no known section; unset or correct it"
            raise ConfigurationError(msg)


def default_file() -> Path:
    """
    Return the configuration file that is used when none is named.
    """
    return Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_FILE))


def _file_of(init_settings: PydanticBaseSettingsSource) -> Path | None:
    named = getattr(init_settings, "init_kwargs", {}).get("_file")
    return named if isinstance(named, Path) else None


def _sentence(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{where} is not a known key; remove it or correct its spelling"
    if error["type"] == "missing":
        return f"{where} is missing"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"
