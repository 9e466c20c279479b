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
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

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
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
            raise ValueError("must look like https://films.example.org, without a path")
        default_port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
        return value.rstrip("/").removesuffix(default_port) if default_port else value

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
        """Whether this is a local install: bound to loopback with no proxy in front."""
        return self.host in LOOPBACK and not self.proxies and not self.base_url

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
        values = _from_file(named or beside) | values
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"Setting '{field}': {message}.", field=field) from error
    return settings.model_copy(update={"data": settings.data.expanduser().absolute()})


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """What MOVIEFINDER_* variables say; an empty one counts as not set, `*_FILE` names a file that holds the value."""
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        variable = f"MOVIEFINDER_{name.upper()}"
        if value := environment.get(variable):
            values[name] = value
        elif path := environment.get(f"{variable}_FILE"):
            values[name] = _read(Path(path), f"{variable}_FILE").strip()
    return values


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
