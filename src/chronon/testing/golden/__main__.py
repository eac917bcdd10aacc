"""The runner: ``python -m chronon.testing.golden FILE.jsonl[.gz]``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from chronon.testing.golden.cases import Case, read_cases
from chronon.testing.golden.check import applies, check
from chronon.testing.golden.paths import PATHS

SHOWN = 3
"""How many failures of one case are printed for each path."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--path", "names", multiple=True, type=click.Choice(list(PATHS)), help="Only this path; repeatable.")
@click.option(
    "--only", "operations", multiple=True, metavar="OP", help="Only cases of these operations alone; repeatable."
)
@click.option(
    "--case", "prefixes", multiple=True, metavar="PREFIX", help="Only cases whose name starts so; repeatable."
)
def main(files: Sequence[Path], names: Sequence[str], operations: Sequence[str], prefixes: Sequence[str]) -> None:
    """Run golden cases and compare. A case passes when all its paths pass; the exit code is 1 if any fails."""
    paths = [PATHS[name]() for name in names or PATHS]
    wanted = {operation.upper() for operation in operations}
    passed = failed = skipped = 0
    for file in files:
        for case in read_cases(file):
            if not _chosen(case, wanted, prefixes):
                continue
            able = [path for path in paths if applies(case, path)]
            if not able:
                skipped += 1
                continue
            failures = [check(case, path) for path in able]
            for found in failures:
                for failure in found[:SHOWN]:
                    click.echo(str(failure))
                if len(found) > SHOWN:
                    click.echo(f"{found[0].case} [{found[0].path}] ... and {len(found) - SHOWN} more")
            failed += any(failures)
            passed += not any(failures)
    if skipped:
        click.echo(f"{skipped} not asked: no chosen path computes them")
    click.echo(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


def _chosen(case: Case, operations: set[str], prefixes: Sequence[str]) -> bool:
    if prefixes and not case.name.startswith(tuple(prefixes)):
        return False
    return not operations or case.operations <= operations


if __name__ == "__main__":
    main()
