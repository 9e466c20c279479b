"""Settings: one TOML file, overlaid by MOVIEFINDER_* variables, each field with a sentence.

Nothing else reads the environment. A setting that nobody would change is a constant beside its use.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from moviefinder.errors import Invalid

FILE_NAME = "moviefinder.toml"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_FORGETFUL = frozenset({"sqlite:///", "sqlite:///:memory:"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # where to listen is for the operator to choose


def default_data_folder() -> Path:
    """The platform's own place for an installed package's data."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "MovieFinder"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "MovieFinder"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "moviefinder"


def _checked_address(value: str) -> str:
    parts = urlsplit(value)
    if value and (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.port == 0  # raises where it is none
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        raise ValueError("must look like https://cache.example.org/path")
    return value


class SourceSettings(BaseModel):
    """What an operator can set of one film source: `[sources.tmdb]`, or `MOVIEFINDER_SOURCES_TMDB_KEY`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    on: bool | None = Field(
        default=None,
        description="Whether it may be asked at all. Unset: a key switches it on, and so may people on the page.",
    )
    key: SecretStr = Field(
        default=SecretStr(""),
        description="Key or token that the source gave the operator, where it takes one.",
    )
    client: str = Field(
        default="",
        max_length=80,
        pattern=r"^[\x21-\x7e]*$",
        description="Name by which the source is told who asks, where it insists on one.",
    )
    address: str = Field(
        default="",
        description="Where its questions go instead of its own address, used as written: a cache at home, a test.",
    )
    images: str = Field(default="", description="The same for its images.")
    every_s: float | None = Field(
        default=None,
        ge=0,
        le=3600,
        description="Least seconds between two questions, instead of its own pace.",
    )

    @field_validator("address", "images")
    @classmethod
    def _address_is_one(cls, value: str) -> str:
        return _checked_address(value).rstrip("/")


class ProviderSettings(BaseModel):
    """What an operator sets of a sign-in provider: `[providers.google]`, or `MOVIEFINDER_PROVIDERS_GOOGLE_CLIENT_ID`.

    `facebook` is Facebook's own way; every other name is an OpenID Connect provider.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    title: str = Field(default="", max_length=40, description="Its name on the button; else its name here.")
    issuer: str = Field(
        default="",
        max_length=255,
        description="Its issuer, as in https://accounts.google.com; its description is read from there.",
    )
    client_id: str = Field(default="", max_length=255, description="The number or name it gave this install.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="The secret that goes with it.")
    scope: str = Field(
        default="openid email profile",
        max_length=200,
        description="What it is asked for, OpenID Connect's words.",
    )
    version: str = Field(
        default="v26.0",
        pattern=r"^v[0-9]{1,3}\.[0-9]$",
        description="Version of the Graph API; of Facebook alone.",
    )
    address: str = Field(
        default="", description="Where the Graph API is, used as written; of Facebook alone, for a test."
    )
    dialog: str = Field(default="", description="The same for its sign-in page.")

    @field_validator("issuer", "address", "dialog")
    @classmethod
    def _address_is_one(cls, value: str) -> str:
        return _checked_address(value)


class Settings(BaseModel):
    """Everything an operator can set; a bare `moviefinder serve` works without any of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    data: Path = Field(
        default_factory=default_data_folder,
        description="Folder that holds the database and everything made from them.",
    )
    database: str = Field(
        default="",
        description="SQLAlchemy address of the database; empty means moviefinder.db in the data folder. "
        "For PostgreSQL: postgresql+psycopg://user@host/name.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port to listen on.")
    processes: int = Field(default=1, ge=1, le=64, description="Web processes.")
    threads: int = Field(default=8, ge=1, le=64, description="Threads of each web process.")
    base_url: str = Field(
        default="",
        description="The address people use, such as https://films.example.org; empty means http://HOST:PORT.",
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="Further host names to answer for, beside loopback and the base address."
    )
    proxies: int = Field(
        default=0, ge=0, le=5, description="How many trusted proxies stand in front and set X-Forwarded-For."
    )
    plain_http: bool = Field(
        default=False,
        description="Allow sign-in cookies over plain HTTP on an address that is not loopback. Not recommended.",
    )
    guests_per_hour: int = Field(
        default=20, ge=1, description="Guests made per address and hour; not counted on a local install."
    )
    registration: Literal["open", "invited", "closed"] = Field(
        default="open",
        description="Who may make an account: anybody, who has an invitation, or nobody but by `moviefinder user add`.",
    )
    guests: bool = Field(
        default=True, description="Whether somebody without an account may use this install, as a guest."
    )
    password_length: int = Field(default=8, ge=8, le=64, description="Fewest characters of a password.")
    sign_ins_per_5min: int = Field(
        default=10, ge=1, description="Tries to sign in, per account and per address, in five minutes."
    )
    sign_ins_per_5min_all: int = Field(
        default=1000, ge=1, description="Tries to sign in of everybody together, in five minutes."
    )
    resets_per_day: int = Field(
        default=5, ge=1, description="Mails with a link that an address is sent in a day."
    )
    resets_per_5min: int = Field(
        default=25,
        ge=1,
        description="Mails with a link that one network address may ask for in five minutes.",
    )
    registrations_per_30min: int = Field(
        default=5, ge=1, description="Accounts that one network address may ask for in half an hour."
    )
    mail_server: SecretStr = Field(
        default=SecretStr(""),
        description="Where mails are handed in: smtps://user:password@host:465, or smtp:// for STARTTLS on 587. Empty: "
        "they are written to the folder `mail` in the data folder.",
    )
    mail_from: str = Field(
        default="",
        max_length=200,
        description="Sender of mails; empty means moviefinder@ the base address's host.",
    )
    providers: Mapping[str, ProviderSettings] = Field(
        default_factory=dict, description="Sign-in providers, by name; see below."
    )
    offline: bool = Field(
        default=False,
        description="Never call anybody outside, whatever else is set; trailers are off as well.",
    )
    sources: Mapping[str, SourceSettings] = Field(
        default_factory=dict, description="What is set of each film source; see below."
    )
    contact: str = Field(
        default="",
        max_length=200,
        pattern=r"^[\x20-\x27\x2a-\x5b\x5d-\x7e]*$",  # what a comment in a header may hold as it is
        description="Address by which a source's people can reach you, mail or web; each that is asked is told.",
    )
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}$",
        description="Language that sources are asked to answer in, where they know it (ISO 639).",
    )
    country: str = Field(
        default="US",
        pattern=r"^[A-Z]{2}$",
        description="Country whose certificates and offers are asked for (ISO 3166-1).",
    )
    fetchers: int = Field(
        default=4,
        ge=1,
        le=32,
        description="Threads that fetch from sources, in the process that does the work.",
    )
    posters_mb: int = Field(
        default=500, ge=10, le=100_000, description="Most megabytes that cached posters may take."
    )
    queue: Literal["embedded", "celery"] = Field(
        default="embedded",
        description="Who does the work behind the scenes: threads of `serve`, or Celery workers behind RabbitMQ.",
    )
    broker: SecretStr = Field(
        default=SecretStr(""),
        description='Address of RabbitMQ for queue = "celery": amqp://user:password@host:5672/vhost.',
    )
    learn_from_library: bool = Field(
        default=False,
        description="Let what people of this install like join when `moviefinder train` learns a model: films, and "
        "pairs of films, that at least 5 of them judged. Films kept out of somebody's taste stay out.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important log lines to write."
    )

    @field_validator("base_url")
    @classmethod
    def _base_url_is_an_address(cls, value: str) -> str:
        parts = urlsplit(_checked_address(value))
        if parts.path.strip("/"):
            raise ValueError("must look like https://films.example.org, without a path")
        if not parts.hostname:
            return ""
        # As browsers write it, who name it in Origin and to passkeys: small letters, and ASCII (RFC 3490).
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.encode("idna").decode()
        port = "" if parts.port in (None, {"http": 80, "https": 443}[parts.scheme]) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}"

    @field_validator("sources", mode="before")
    @classmethod
    def _names_are_names(cls, value: object) -> object:
        for name in value if isinstance(value, dict) else ():
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", str(name)):
                raise ValueError(f"'{name}' is no name of a source; they look like tmdb or imdb-graphql")
        return value

    @field_validator("providers", mode="before")
    @classmethod
    def _providers_have_names(cls, value: object) -> object:
        for name in value if isinstance(value, dict) else ():
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", str(name)) or name in _OWN_WAYS:
                raise ValueError(f"'{name}' is no name of a provider; they look like google or our-keycloak")
        return value

    @field_validator("providers")
    @classmethod
    def _providers_are_whole(cls, value: Mapping[str, ProviderSettings]) -> Mapping[str, ProviderSettings]:
        for name, provider in value.items():
            needed = {"client_id": provider.client_id}
            if name == "facebook":
                needed["client_secret"] = provider.client_secret.get_secret_value()
            else:
                needed["issuer"] = provider.issuer
            if missing := [field for field, given in needed.items() if not given]:
                raise ValueError(f"'{name}' lacks {missing[0]}")
        return value

    @field_validator("mail_server")
    @classmethod
    def _mail_server_is_one(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value.get_secret_value() and (
            parts.scheme not in ("smtp", "smtps")
            or not parts.hostname
            or parts.port == 0  # raises where it is none
            or parts.path.strip("/")
        ):
            raise ValueError("must look like smtps://user:password@mail.example.org:465")
        return value

    @model_validator(mode="after")
    def _a_broker_is_named(self) -> Self:
        if self.queue == "celery" and not self.broker.get_secret_value():
            raise ValueError("queue = \"celery\" needs 'broker', the address of RabbitMQ")
        return self

    @field_validator("database")
    @classmethod
    def _database_is_kept(cls, value: str) -> str:
        if value.startswith("sqlite") and (not value.startswith("sqlite:///") or value in _FORGETFUL):
            raise ValueError("must name a file: sqlite:////folder/moviefinder.db")
        return value

    @field_validator("hosts", mode="before")
    @classmethod
    def _hosts_are_names(cls, value: object) -> object:
        names = (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )
        for name in names if isinstance(names, list | tuple) else ():
            if isinstance(name, str) and not re.fullmatch(r"[A-Za-z0-9.-]+", name):
                raise ValueError(f"'{name}' is no host name; leave out scheme and port")
        return names

    def source(self, name: str) -> SourceSettings:
        """What is set of one source."""
        return self.sources.get(name, _NOTHING_SET)

    @property
    def database_url(self) -> str:
        """SQLAlchemy address of the database."""
        return self.database or f"sqlite:///{self.data / 'moviefinder.db'}"

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None when the database is not SQLite."""
        prefix = "sqlite:///"
        return Path(self.database_url[len(prefix) :]) if self.database_url.startswith(prefix) else None

    @property
    def address(self) -> str:
        """The address people use, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether this is a local install: bound to loopback with no proxy in front, nor a name that needs one."""
        return self.host in LOOPBACK and not (self.proxies or self.base_url or self.hosts)

    @property
    def is_https(self) -> bool:
        """Whether people come over HTTPS."""
        return self.address.startswith("https://")

    @property
    def known_hosts(self) -> frozenset[str]:
        """Host names that are answered, in lower case and without a port; others could be rebound to this machine."""
        own = urlsplit(self.address).hostname or ""
        bound = {self.host} - ANY_ADDRESS
        return frozenset(name.lower() for name in (*LOOPBACK, own, *bound, *self.hosts) if name) - ANY_ADDRESS


_NOTHING_SET = SourceSettings()
_OWN_WAYS = frozenset({"password", "passkey", "guest"})
_TABLES: Final[Mapping[str, type[BaseModel]]] = {"sources": SourceSettings, "providers": ProviderSettings}
"""Settings that are tables by name, with what stands in each."""


def load_settings(*, config: Path | None = None, **given: Any) -> Settings:
    """Read the settings: what is given here over the environment over the TOML file over the defaults.

    Args:
        config: the TOML file; without it MOVIEFINDER_CONFIG, else moviefinder.toml in the data folder if there is one.
        given: fields set by hand; None means not set.

    Raises:
        Invalid: a field is unknown or out of range; the message names it.
    """
    values = _from_environment(os.environ)
    values |= {name: value for name, value in given.items() if value is not None}
    named = config or (Path(name) if (name := os.environ.get("MOVIEFINDER_CONFIG")) else None)
    beside = Path(values.get("data") or default_data_folder()).expanduser() / FILE_NAME
    if named or beside.is_file():
        read = _from_file(named or beside)
        both = {table: _both(read.get(table, {}), values.get(table, {})) for table in _TABLES}
        values = read | values | both
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "queue"
        message = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"Setting '{field}': {message}.", field=field) from error
    return settings.model_copy(update={"data": settings.data.expanduser().absolute()})


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """What MOVIEFINDER_* variables say; an empty one counts as not set, `*_FILE` names a file that holds the value."""
    values: dict[str, Any] = {}
    for name in Settings.model_fields.keys() - _TABLES.keys():
        variable = f"MOVIEFINDER_{name.upper()}"
        if value := _value_of(variable, environment):
            values[name] = value
    return values | {table: found for table in _TABLES if (found := _table_from(table, environment))}


def _table_from(table: str, environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What `MOVIEFINDER_SOURCES_TMDB_KEY` and its like say of one table, by name and field."""
    begin, fields = f"MOVIEFINDER_{table.upper()}_", _TABLES[table].model_fields
    known = re.compile(rf"{begin}(?P<name>[A-Z][A-Z0-9_]*?)_(?P<field>{'|'.join(fields).upper()})(_FILE)?")
    said: dict[str, dict[str, str]] = {}
    for variable in environment:
        if not variable.startswith(begin):
            continue
        if not (found := known.fullmatch(variable)):
            told = ", ".join(name.upper() for name in fields)
            raise Invalid(f"{variable} is no setting: {begin}NAME_ goes on with {told}.", field=variable)
        name, field = found["name"].lower().replace("_", "-"), found["field"].lower()
        value = _value_of(variable.removesuffix("_FILE"), environment)
        said.setdefault(name, {}).update({field: value} if value else {})
    return said


def _value_of(variable: str, environment: Mapping[str, str]) -> str:
    if value := environment.get(variable, ""):
        return value
    path = environment.get(f"{variable}_FILE")
    return _read(Path(path), f"{variable}_FILE").strip() if path else ""


def _both(file: object, environment: Mapping[str, Mapping[str, str]]) -> object:
    """The tables of sources in the file, overlaid field by field."""
    if not isinstance(file, dict) or not all(isinstance(table, dict) for table in file.values()):
        return file
    return file | {name: file.get(name, {}) | dict(fields) for name, fields in environment.items()}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path, "config"))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{path} is not TOML: {error}.", field="config") from error


def _read(path: Path, named_by: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"Cannot read {path}, named by {named_by}: {error}.", field=named_by) from error
