"""
The configuration of an installation: `readership.toml`, and the environment over it.

Every key is also an environment variable: `READERSHIP_SERVICE__TENANT`, or for lists one JSON
value, `READERSHIP_SOURCES='[{...}]'`. Unknown keys are errors. Nothing here can loosen a
permission check, and no secret is ever written here: keys and credentials are files.

Only `wiring` modules read settings.
"""

import os
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import (
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
from acl.model.documents import UNLABELLED
from acl.settings_brake import Brake, BrakeSettings
from acl.settings_directories import DirectorySettings, names_of, require_distinct
from acl.settings_events import Transmitters
from acl.settings_injection import InjectionSettings
from acl.settings_issuers import IssuerSettings, StepUpSettings, require_consistent
from acl.settings_labels import LabelSettings
from acl.settings_limits import LimitSettings, MetricsSettings
from acl.settings_mcp import McpSettings
from acl.settings_reader_page import ReaderPageSettings
from acl.settings_senders import CertificateSettings
from acl.settings_sources import SourceSettings, require_known_pushers
from acl.settings_stores import IndexSettings, KeySettings, RegistrySettings
from acl.settings_values import HttpsAddress, Name, Section

SCOPE_PREFIX: Final = r"^([\x21\x23-\x5b\x5d-\x7e]*[/:])?$"
"""
RFC 6749, section 3.3; it ends with what parts it from the name.
"""

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

    scope_prefix: str = Field(default="", pattern=SCOPE_PREFIX)
    """What issuers write before the names of scopes, such as Entra's App ID URI and a slash."""

    data_dir: Path = Path("data")
    """Registry, index, keys and audit trail; relative to the configuration file."""


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
    transmitters: Transmitters = Field(default=[])
    step_up: list[StepUpSettings] = Field(default=[])
    client_certificates: CertificateSettings | None = None
    mcp: McpSettings = McpSettings()
    registry: RegistrySettings = RegistrySettings()
    index: IndexSettings = IndexSettings()
    keys: KeySettings = KeySettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    redaction: RedactionSettings = RedactionSettings()
    labels: LabelSettings | None = None
    brake: Brake = BrakeSettings()
    injection: InjectionSettings = InjectionSettings()
    limits: LimitSettings = LimitSettings()
    metrics: MetricsSettings = MetricsSettings()
    sources: list[SourceSettings] = Field(default=[])
    directories: list[DirectorySettings] = Field(default=[])
    reader_page: ReaderPageSettings | None = None

    @model_validator(mode="after")
    def _unambiguous(self) -> "Settings":
        for what, names in (
            ("issuers", [one.issuer for one in self.issuers]),
            ("transmitters", [one.issuer for one in self.transmitters]),
            ("sources", [*names_of(self.sources), *names_of(self.directories)]),
        ):
            if len(set(names)) != len(names):
                msg = f"two {what} share one name"
                raise ValueError(msg)
        require_consistent(self.issuers, self.step_up, {one.name for one in self.sources})
        require_distinct(self.directories, [one.issuer for one in self.issuers])
        for cleared in self.injection.cleared:
            if cleared.source not in {one.name for one in self.sources}:
                msg = f"injection.cleared: source {cleared.source} is not configured"
                raise ValueError(msg)
        require_known_pushers(self.sources, {one.issuer for one in self.issuers})
        if self.reader_page is not None:
            self.reader_page.of(self.issuers)
        bound = [one.issuer for one in self.issuers if one.sender.certificates]
        if bound and self.client_certificates is None:
            msg = (
                f"issuer {bound[0]}: sender.certificates needs [client_certificates], which says "
                "whose word on them is taken"
            )
            raise ValueError(msg)
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
        for one in (*self.labels.clients, *self.labels.assurance, *self.labels.actors):
            if one.issuer is None and len(known) > 1:
                msg = "labels: several issuers are configured, so every ceiling names its issuer"
                raise ValueError(msg)
            if one.issuer is not None and one.issuer not in known:
                msg = f"labels: issuer {one.issuer} is not configured"
                raise ValueError(msg)
        self.labels.require_one_ceiling_each(known)
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
