"""The entrance of the ``chronon`` command."""

from __future__ import annotations

import sys

import rich_click as click
from click.exceptions import Exit

from chronon.cli.analyze import analyze
from chronon.cli.changes import check, diff, prune
from chronon.cli.compare import compare
from chronon.cli.doctor import doctor
from chronon.cli.export import export_metadata
from chronon.cli.feature_tests import test
from chronon.cli.insight import explain, preview, trace
from chronon.cli.labels import labels
from chronon.cli.lineage_command import lineage
from chronon.cli.offline import backfill, sql, upload
from chronon.cli.online import fetch, serve
from chronon.cli.quickstart_command import quickstart
from chronon.cli.repo import compile_command, init
from chronon.cli.schemas_command import schemas
from chronon.cli.tables import fingerprint, load, retain, snapshot

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="chronon")
def cli() -> None:
    """Define a feature once, in Python: get training data, an online endpoint, and the same values in both.

    Try it: chronon quickstart makes a small shop in a fresh folder and runs everything once.

    Your own: chronon init makes an empty repo; then load, compile, backfill, upload, fetch and serve.
    """


COMMANDS = {
    "Start": (quickstart, init, load),
    "Define": (compile_command, check, test, diff, prune, schemas, doctor),
    "Training data": (backfill, labels, compare, sql, fingerprint),
    "Serving": (upload, fetch, serve),
    "Understand": (preview, explain, trace, lineage, analyze, export_metadata),
    "Tables": (snapshot, retain),
}
"""All commands, as the help shows them."""

for commands in COMMANDS.values():
    for command in commands:
        cli.add_command(command)
click.rich_click.COMMAND_GROUPS = {
    "chronon": [{"name": name, "commands": [str(c.name) for c in commands]} for name, commands in COMMANDS.items()]
}


def main() -> None:
    """Run the command line; problems of the user's are told without a traceback."""
    from chronon.base.errors import ChrononError

    try:
        cli.main(prog_name="chronon", standalone_mode=False)
    except ChrononError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was published stays, the next run goes on from there", err=True)
        sys.exit(130)
