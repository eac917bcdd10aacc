"""The variables that a run gets, layer by layer: whoever says a variable first, wins.

The process itself; the definition, for the mode; its team, for the environment and the mode; its team and then the
default team, for production; what all runs have in common; the flags.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from chronon.base.errors import ConfigError, Place
from chronon.repo.teams import DEFAULT, FILE

ADDITIONAL = "CHRONON_CONFIG_ADDITIONAL_ARGS"
TAKES_ADDITIONAL = ("backfill", "backfill-left", "backfill-final", "upload", "model-transform-batch")
APP_NAME_TEMPLATE = "chronon_{conf_type}_{mode}_{context}_{name}"

Layer = tuple[str, Mapping[str, Any]]


def parts_of(conf: str) -> tuple[str, str, str, str]:
    """The folder, the kind, the team and the name in the path of a compiled file.

    >>> parts_of("production/joins/shop/training_set.v1")
    ('production', 'joins', 'shop', 'training_set.v1')
    """
    parts = conf.split("/")[-4:]
    if len(parts) < 4:  # the four of them
        raise ConfigError(f"{conf} is not a compiled definition", expected="production/<kind>/<team>/<name>")
    return parts[0], parts[1], parts[2], parts[3]


def set_runtime_env(args: Any) -> None:
    """Set the variables of a run in this process.

    Parameters
    ----------
    args:
        The parsed flags: ``repo``, ``conf``, ``mode``, ``env``, ``app_name`` and those of jars.
    """
    click.echo("Setting env variables:")
    for layer, values in _layers(args):
        for name, value in values.items():
            if value is not None and name not in os.environ:
                click.echo(f"From <{layer}> setting {name}={value}")
                os.environ[name] = str(value)


def custom_json(conf: Mapping[str, Any]) -> dict[str, Any]:
    """The custom values of a compiled definition."""
    return json.loads(conf.get("metaData", {}).get("customJson") or "{}")


def _layers(args: Any) -> Iterator[Layer]:
    mode = args.mode or "backfill"
    effective = "streaming" if "streaming" in mode else mode
    repo = Path(args.repo or ".")
    teams = _json(repo / FILE)
    team: Mapping[str, Any] = {}
    kind, name = None, None
    if args.conf:
        _, kind, owner, name = parts_of(args.conf)
        conf = _json(repo / args.conf)
        yield "conf_env", (conf.get("metaData", {}).get("modeToEnvMap") or {}).get(effective, {})
        yield "conf_env", _additional(conf, mode)
        # the team of the definition decides; the folder only where it does not say
        team = teams.get(conf.get("metaData", {}).get("team") or owner, {})
    default = teams.get(DEFAULT, {})
    yield "team_env", team.get(args.env or "dev", {}).get(effective, {})
    yield "production_team_env", team.get("production", {}).get(effective, {})
    yield "default_env", default.get("production", {}).get(effective, {})
    yield "common_env", default.get("common_env", {})
    yield "cli_args", _of_flags(args, mode, kind, name)


def _additional(conf: Mapping[str, Any], mode: str) -> Mapping[str, Any]:
    additional = custom_json(conf).get("additional_args")
    return {ADDITIONAL: " ".join(additional)} if additional and mode in TAKES_ADDITIONAL else {}


def _of_flags(args: Any, mode: str, kind: str | None, name: str | None) -> Mapping[str, Any]:
    return {
        "APP_NAME": args.app_name or app_name(mode, args.env or "dev", kind, name, args.conf),
        "CHRONON_CONF_PATH": os.path.join(args.repo or ".", args.conf) if args.conf else None,  # noqa: PTH118 - told as given
        "CHRONON_DRIVER_JAR": getattr(args, "chronon_jar", None),
        "CHRONON_ONLINE_JAR": getattr(args, "online_jar", None),
        "CHRONON_ONLINE_CLASS": getattr(args, "online_class", None),
    }


def app_name(mode: str, context: str, kind: str | None, name: str | None, conf: str | None) -> str:
    """What a run is called.

    >>> app_name("backfill", "dev", "joins", "training_set.v1", "production/joins/shop/training_set.v1")
    'chronon_joins_backfill_dev_shop.training_set.v1'
    >>> app_name("metadata-export", "dev", None, None, None)
    'chronon_metadata_export'
    """
    if not name or not conf:
        return "_".join(["chronon", *([kind] if kind else []), mode.replace("-", "_")])
    _, _, team, _ = parts_of(conf)
    return APP_NAME_TEMPLATE.format(conf_type=kind, mode=mode, context=context, name=f"{team}.{name}")


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}", place=Place(file=str(path))) from None
