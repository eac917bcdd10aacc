"""Step 7: one model, trained on January to October and tested on November and December, with three sets of columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from chronon.base.settings import load_settings
from chronon.engine.registry import open_engine

HERE = Path(__file__).parent
RESULTS = Path(".chronon/models.json")
TEST_FROM = "2013-11-01"

STATIC = ["carrier", "origin", "dest", "distance", "scheduled_minutes", "local_hour", "weekday"]
PLANE = [f"flights_planes_v1_{name}" for name in ("manufacturer", "engine", "engines", "seats", "age")]


@dataclass(frozen=True)
class Rows:
    """Training rows: numbers, with nulls as NaN and texts as the place of the word in the alphabet."""

    names: list[str]
    texts: list[bool]
    x: np.ndarray
    late: np.ndarray
    test: np.ndarray

    def only(self, names: list[str]) -> Rows:
        places = [self.names.index(name) for name in names]
        return Rows(names, [self.texts[p] for p in places], self.x[:, places], self.late, self.test)


@dataclass(frozen=True)
class Score:
    """How well a model tells late flights from the others."""

    auc: float
    log_loss: float


def rows(join: str, repo: Path = HERE) -> Rows:
    """The rows of a join's table whose flights arrived, in order of time, each with what came of it."""
    engine = open_engine(load_settings(repo))
    table = engine.query(
        f"SELECT f.*, a.arr_delay > 15 AS late FROM flights.{join} AS f "
        "JOIN flights.arrivals AS a ON a.flight_id = f.flight_id ORDER BY f.ds, f.flight_id"
    ).read_all()
    left_out = {"flight_id", "tailnum", "ts", "ds", "late", "flights_tails_v1_arrived_last_1d"}
    names = [f.name for f in table.schema if f.name not in left_out and not pa.types.is_list(f.type)]
    texts = [pa.types.is_string(table.schema.field(name).type) for name in names]
    columns = [_numbers(table[name], text=text) for name, text in zip(names, texts, strict=True)]
    test = pc.greater_equal(table["ds"], TEST_FROM).to_numpy()
    return Rows(names, texts, np.column_stack(columns), table["late"].to_numpy(), test)


def _numbers(column: pa.ChunkedArray, *, text: bool) -> np.ndarray:
    if text:
        words = pc.unique(column).drop_null().sort()
        column = pc.index_in(column, words)
    return pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy().astype(np.float32)


def fit(given: Rows) -> HistGradientBoostingClassifier:
    """A model of the rows before the test begins.

    On one thread: where cores are shared, threads that wait for each other cost more than they bring.
    """
    model = HistGradientBoostingClassifier(
        max_iter=50, learning_rate=0.2, categorical_features=given.texts, early_stopping=False, random_state=0
    )
    with threadpool_limits(1):
        return model.fit(given.x[~given.test], given.late[~given.test])


def score(model: HistGradientBoostingClassifier, given: Rows) -> Score:
    """The model's score on the rows after the test has begun."""
    late = given.late[given.test]
    with threadpool_limits(1):
        guessed = model.predict_proba(given.x[given.test])[:, 1]
    return Score(float(roc_auc_score(late, guessed)), float(log_loss(late, guessed)))


def compare(repo: Path = HERE) -> dict[str, Score]:
    """Train the three models; the one that leaks is also scored with the features that will be there in earnest."""
    right, leaking = rows("flights_departure_v1", repo), rows("flights_leaking_v1", repo)
    print(f"{int((~right.test).sum()):,} flights to train on, {int(right.test.sum()):,} to test on")
    print(f"{right.late[~right.test].mean():.1%} and {right.late[right.test].mean():.1%} of them late\n")
    static = right.only([*STATIC, *PLANE])
    leaky = fit(leaking)
    return {
        "static columns only": score(fit(static), static),
        "and windows up to the scheduled departure": score(fit(right), right),
        "and windows up to the end of the day, so it seems": score(leaky, leaking),
        "the same model, given what is known at departure": score(leaky, right),
    }


if __name__ == "__main__":
    scores = compare()
    print(f"{'model':52} {'AUC':>6} {'log loss':>9}")
    for name, found in scores.items():
        print(f"{name:52} {found.auc:6.3f} {found.log_loss:9.3f}")
    (HERE / RESULTS).write_text(json.dumps({name: vars(found) for name, found in scores.items()}, indent=2))
