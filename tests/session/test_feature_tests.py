"""Feature tests: rows in, features out, in files that people write and ``chronon test --record`` fills in."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from click.testing import CliRunner, Result

from chronon.base.errors import ConfigError
from chronon.cli.main import cli
from chronon.session import Session
from chronon.testing.feature_files import read_file

from .test_environments import repo

FILE = """\
# what a user spends
definition: shop.training.v1
tables:
  data.purchases:
    - {user_id: 1, price: 20, ts: 2024-01-04T23:50:00}
    - {user_id: 1, price: 5.5, ts: 2024-01-05T00:30:00}  # seen
    - {user_id: 1, price: 7.0, ts: 2024-01-05T00:40:00}  # at that very instant: not seen
cases:
  - keys: {user_id: 1}
    at: 2024-01-05T00:40:00
    features:
      shop_spending_price_sum_7d: 25.5
  - name: nobody
    keys: {user_id: 2}
    at: 2024-01-05T00:40:00
    features: {shop_spending_price_sum_7d: null}
"""


def run(session: Session, text: str, *options: str) -> tuple[Result, Path]:
    root = repo(session)
    path = root / "feature_tests" / "spending.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return CliRunner().invoke(cli, ["test", "--repo", str(root), *options]), path


def test_what_is_as_expected_passes(session: Session) -> None:
    done, _ = run(session, FILE)
    assert done.exit_code == 0, done.output
    assert "passed  spending.yaml:9 case 1" in done.output
    assert "2 passed, 0 failed" in done.output


def test_what_differs_is_shown_beside_what_was_expected_with_its_rows(session: Session) -> None:
    done, _ = run(session, FILE.replace("25.5", "32.5"))
    assert done.exit_code == 1
    assert "shop_spending_price_sum_7d  32.5      25.5    differs" in done.output
    assert "price_sum_7d: 2 rows count" in done.output
    assert "after the instant" in done.output
    assert "1 passed, 1 failed" in done.output


def test_types_are_those_of_the_real_table(session: Session) -> None:
    done, _ = run(session, FILE.replace("price: 20,", "price: twenty,"))
    assert "data.purchases: the column price does not hold values of one type" in str(done.exception)
    text = FILE.replace("user_id: 1", "user_id: '1'").replace("keys: {user_id: 2}", "keys: {user_id: '2'}")
    done, _ = run(session, text)
    assert "the column user_id does not hold" in str(done.exception), "it is a long in the warehouse"


def test_a_table_that_exists_nowhere_else_has_inferred_types(session: Session) -> None:
    import shutil

    shutil.rmtree(session.settings.warehouse_folder)
    done, _ = run(session, FILE)
    assert done.exit_code == 0, done.output


def test_what_comes_out_is_written_for_review_and_the_rest_stays(session: Session) -> None:
    empty = FILE.replace("    features:\n      shop_spending_price_sum_7d: 25.5\n", "").replace(
        "    features: {shop_spending_price_sum_7d: null}\n", ""
    )
    failing, _ = run(session, empty)
    assert failing.exit_code == 1
    assert "expects nothing" in failing.output
    done, path = run(session, empty, "--record")
    assert done.exit_code == 0, done.output
    assert path.read_text() == FILE.replace(
        "    features: {shop_spending_price_sum_7d: null}\n", "    features:\n      shop_spending_price_sum_7d: null\n"
    )
    done, path = run(session, FILE.replace("25.5", "1"), "--record")
    assert yaml.safe_load(path.read_text()) == yaml.safe_load(FILE)
    assert "# at that very instant" in path.read_text()
    flow = FILE[: FILE.index("cases:")] + "cases: [{keys: {user_id: 1}, at: 2024-01-05}]\n"
    done, path = run(session, flow, "--record")
    assert path.read_text().endswith(
        "cases: [{keys: {user_id: 1}, at: 2024-01-05, features: {shop_spending_price_sum_7d: 20.0}}]\n"
    )


@pytest.mark.parametrize(
    "text, message",
    [
        ("definition: [", "is no YAML"),
        ("definition: x\ncases: []", "lacks a definition or cases"),
        ("definition: x\ntables: {}\ncase: []", "the file has case"),
        ("definition: x\ntables: {}\ncases:\n- {keys: {}}", "case 1 lacks at"),
        ("definition: x\ntables: {}\ncases:\n- {keys: 5, at: 1}", "keys is a int"),
        ("definition: x\ntables: {a.b: {row: []}}\ncases:\n- {keys: {}, at: 1}", "a.b has row"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_file(path)
    assert "wrong.yaml" in str(caught.value)


def test_one_wrong_case_fails_alone(session: Session) -> None:
    wrong = FILE.replace("keys: {user_id: 1}", "keys: {user: 1}")
    done, _ = run(session, wrong)
    assert "the rows have no column user_id" in done.output
    assert "1 passed, 1 failed" in done.output


PLUGIN_TEST = """
def test_spending(chronon_repo, chronon_tables, chronon_clock):
    chronon_tables("data.purchases", [{"user_id": 1, "price": 20.0, "ts": "2024-01-04T23:50"}])
    join = chronon_repo.get("shop.training.v1")
    found = join.features([{"user_id": 1, "ts": 1704412800000}]).dicts()
    assert found[0]["shop_spending_price_sum_7d"] == 20.0
    assert chronon_repo.today() == "2024-01-10"
    chronon_clock.advance(86_400_000)
    assert chronon_repo.today() == "2024-01-11"


def test_each_test_has_tables_of_its_own(chronon_repo):
    assert chronon_repo.engine.warehouse.tables() == []
"""


def test_the_pytest_plugin(session: Session) -> None:
    import subprocess
    import sys

    root = repo(session)
    (root / "tests").mkdir()
    (root / "tests" / "test_shop.py").write_text(dedent(PLUGIN_TEST))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "chronon.testing.plugin",
        "-p",
        "no:cacheprovider",
        str(root),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
