"""The whole example: every step is a command that can also be run by itself.

``python run.py`` takes one to two minutes. The tables stay in ``.chronon`` beside this file.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
CHRONON = [sys.executable, "-m", "chronon"]
YEAR = ["--start", "2013-01-01", "--end", "2014-01-01", "--step-days", "400"]
SHOWN = """
SELECT flight_id,
       flights_tails_v1_arr_delay_last_1d AS plane_last_delay,
       minutes_since_arrival,
       round(flights_origins_departures_v1_dep_delay_average_3h, 1) AS airport_delay_3h,
       round(flights_routes_v1_late_average_7d, 2) AS route_late_7d,
       flights_weather_v1_visib_last_1d AS sight,
       flights_planes_v1_seats AS seats,
       arr_delay
FROM flights.flights_departure_v1 AS f JOIN flights.arrivals AS a USING (flight_id)
WHERE f.ds = '2013-12-17' AND f.carrier = 'UA' AND local_hour = 14
ORDER BY f.ts, flight_id LIMIT 12
"""


@dataclass(frozen=True)
class Step:
    """One command, and what it does."""

    what: str
    command: list[str]

    def shown(self) -> str:
        """The command as a person would type it."""
        words = ["chronon", *self.command[3:]] if self.command[:3] == CHRONON else ["python", *self.command[1:]]
        return " ".join(shlex.quote(" ".join(word.split())) for word in words)


STEPS = [
    Step("the files become tables", [sys.executable, "load.py"]),
    Step("definitions are checked and written as JSON", [*CHRONON, "compile"]),
    Step(
        "a staging query: which flights did not arrive",
        [*CHRONON, "backfill", "flights.disruptions.v1", *YEAR[2:]],
    ),
    Step(
        "every flight with what had happened by its scheduled departure",
        [*CHRONON, "backfill", "flights.departure.v1", *YEAR],
    ),
    Step(
        "the mistake, on purpose: with what had happened by the end of the day",
        [*CHRONON, "backfill", "flights.leaking.v1", *YEAR],
    ),
    Step("some training rows, and what came of these flights", [*CHRONON, "sql", SHOWN]),
    Step("will it arrive more than 15 minutes late?", [sys.executable, "train.py"]),
    Step(
        "the state of every plane, airport and route as of a midnight in December",
        [*CHRONON, "upload", "flights.departure.v1", "--ds", "2013-12-16"],
    ),
    Step("the next day as it happened, served over HTTP", [sys.executable, "replay.py"]),
]


@dataclass(frozen=True)
class Took:
    """What a step cost."""

    what: str
    seconds: float
    peak: float


def run(step: Step) -> Took:
    """Run a step in a process of its own; returns its time in seconds and its largest memory in MiB."""
    begun = perf_counter()
    process = subprocess.Popen(step.command, cwd=HERE, stderr=subprocess.PIPE, text=True)
    messages = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{messages}\n{step.shown()}: ended with {process.returncode}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Took(step.what, perf_counter() - begun, usage.ru_maxrss / unit)


def main() -> None:
    """All steps from the beginning."""
    shutil.rmtree(HERE / ".chronon", ignore_errors=True)
    took: list[Took] = []
    for number, step in enumerate(STEPS, 1):
        print(f"\n{number}. {step.what}\n   $ {step.shown()}", flush=True)
        took.append(run(step))
        print(f"   {took[-1].seconds:.1f} s, at most {took[-1].peak:,.0f} MiB of memory", flush=True)
    print(f"\n{'step':70} {'s':>6} {'MiB':>7}")
    for each in took:
        print(f"{each.what:70} {each.seconds:6.1f} {each.peak:7,.0f}")
    print(f"{'all':70} {sum(each.seconds for each in took):6.1f} {max(each.peak for each in took):7,.0f}")


if __name__ == "__main__":
    main()
