"""How calls of make are measured in a folder: by which file, which make and which engine, or why they are not."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from devtelemetry_cli import consent
from devtelemetry_cli.client import machine, settings
from devtelemetry_cli.client.consent.terms import EVERY
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.plugin import approval
from devtelemetry_cli.client.settings import UserConfig
from devtelemetry_cli.commands.makefile import every_target, generated, templates


@dataclass(frozen=True)
class Measurement:
    """How the calls of one make are measured in a folder.

    `scope` is "every target" or "chosen targets", by the file `file`; both None where there is no such file.
    `engine` is "plugin" or "wrapper", None where calls are not measured; `reason` is why not, or why not the plug-in.
    """

    scope: str | None = None
    file: str | None = None
    make: str | None = None
    make_version: str | None = None
    engine: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        """How the make is measured: "/usr/bin/make 4.3, by the plug-in"."""
        make = f"{self.make or 'no make'} {self.make_version or ''}".rstrip()
        if self.engine is None:
            return f"{make}, not measured ({self.reason})"
        engine = "the plug-in" if self.engine == settings.PLUGIN else "the wrapper"
        return f"{make}, by {engine}{f', not the plug-in ({self.reason})' if self.reason else ''}"


def here(context: Context, status: ConsentStatus, user: UserConfig, now: float) -> Measurement:
    """How the make on the PATH is measured in the folder of the context, where its consent has this status."""
    file = next(filter(every_target.is_written_here, generated.paths(context)), None)
    if file is None:
        return Measurement(reason="no GNUmakefile or devtel.mk of devtel is here")
    make, scope = _make_on_path(context.environ), generated.SCOPES[file.name]
    version = machine.make_version(make) if make else ""
    refusal = no_plugin(context.state, user, make or "") if scope == EVERY else ""
    plain = _plain(context, status, now) or ("" if version else "no GNU make is on the PATH")
    if refusal:
        plain = plain or _unmeasurable(context, file, version)
    engine = settings.PLUGIN if scope == EVERY and not refusal else settings.WRAPPER
    return Measurement(scope, str(file), make, version or None, None if plain else engine, plain or refusal or None)


def no_plugin(state: StateDir, user: UserConfig, make: str = "") -> str:
    """Why calls of a make (its absolute path) do without the plug-in; "" where it is loaded.

    Without a make: why no make loads it.
    """
    if user.engine == settings.WRAPPER:
        return f'{user.path} has engine = "wrapper"'
    known = approval.read(Path(state.plugin))
    if not known.makes:
        return known.refusal or "it was not built"
    if not make:
        return ""
    entry = known.make(make)
    return entry.refusal if entry else "it was not tried with this make"


def _plain(context: Context, status: ConsentStatus, now: float) -> str:
    """Why no call is measured, whatever the file and the make; "" where some are."""
    if not status.records(now):
        return consent.describe(status.state, status.rule)
    if not os.access(context.state.start_file, os.R_OK):
        return f"{context.state.start_file} cannot be read, or make cannot name the path of this devtel"
    return ""


def _unmeasurable(context: Context, file: Path, version: str) -> str:
    """Why the wrapper cannot measure whole calls here; GNUmakefile itself decides, this names the lasting reasons."""
    if not any((file.parent / name).exists() for name in every_target.MAKEFILES):
        return f"no Makefile is beside {file}"
    if version not in templates.KNOWN_MAKES:
        return f"make {version} is not among those tried: {', '.join(templates.KNOWN_MAKES)}"
    return "MAKEFILES is set" if context.environ.get("MAKEFILES") else ""


def _make_on_path(environ: dict[str, str]) -> str | None:
    found = (shutil.which(name, path=environ.get("PATH")) for name in ("make", "gmake"))
    return next((str(Path(path).absolute()) for path in found if path), None)
