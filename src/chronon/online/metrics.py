"""What is counted while serving, in the text form that Prometheus reads."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from chronon.base.display import instant
from chronon.base.errors import ChrononError

BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the histogram of latencies, in seconds."""

_HELP = {
    "chronon_requests_total": "Entities asked for.",
    "chronon_request_errors_total": "Requests without an answer.",
    "chronon_part_errors_total": "Parts that failed within an answer.",
    "chronon_stale_columns_total": "Columns left empty because their batch is too old.",
    "chronon_unknown_entities_total": "Lookups of which neither the batch nor the stream knows anything.",
    "chronon_function_failures_total": "Calls of Python functions that failed and gave null.",
}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters and latencies of one process.

    >>> metrics = Metrics()
    >>> metrics.count("chronon_requests_total", (("name", "shop/checkout.v1"),))
    >>> print(metrics.text().splitlines()[-1])
    chronon_requests_total{name="shop/checkout.v1"} 1
    """

    def __init__(self) -> None:
        self._counters: dict[tuple[str, Labels], int] = defaultdict(int)
        self._latencies: dict[Labels, list[int]] = {}
        self._seconds: dict[Labels, float] = defaultdict(float)

    def count(self, name: str, labels: Labels, by: int = 1) -> None:
        """Add to a counter."""
        self._counters[name, labels] += by

    def took(self, labels: Labels, seconds: float) -> None:
        """Note how long a call took."""
        found = self._latencies.get(labels)
        if found is None:
            found = self._latencies[labels] = [0] * (len(BOUNDS) + 1)
        found[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[labels] += seconds

    def part_failed(self, group_by: str) -> None:
        """A group-by could not answer."""
        self.count("chronon_part_errors_total", (("group_by", group_by),))

    def stale(self, group_by: str, columns: int) -> None:
        """Columns were left empty."""
        self.count("chronon_stale_columns_total", (("group_by", group_by),), columns)

    def unknown(self, group_by: str) -> None:
        """Nothing is known of an entity."""
        self.count("chronon_unknown_entities_total", (("group_by", group_by),))

    def functions_failed(self, calls: Mapping[str, int]) -> None:
        """How many calls of each Python function have failed so far."""
        for function, failed in calls.items():
            self._counters["chronon_function_failures_total", (("function", function),)] = failed

    def value(self, name: str, labels: Labels) -> int:
        """What a counter stands at."""
        return self._counters.get((name, labels), 0)

    def text(self) -> str:
        """All of it."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        counters = sorted(self._counters.items())
        for name, meaning in _HELP.items():
            mine = [f"{name}{_shown(labels)} {value}" for (counter, labels), value in counters if counter == name]
            if mine:
                yield from (f"# HELP {name} {meaning}", f"# TYPE {name} counter", *mine)
        if not self._latencies:
            return
        yield "# HELP chronon_fetch_seconds How long a call took, with all of its requests."
        yield "# TYPE chronon_fetch_seconds histogram"
        for labels, counts in sorted(self._latencies.items()):
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), counts, strict=True):
                total += count
                yield f"chronon_fetch_seconds_bucket{_shown((*labels, ('le', str(bound))))} {total}"
            yield f"chronon_fetch_seconds_sum{_shown(labels)} {self._seconds[labels]:.6f}"
            yield f"chronon_fetch_seconds_count{_shown(labels)} {total}"


def as_error(error: Exception) -> ChrononError:
    """An error of ours as it is; another one with its kind."""
    return error if isinstance(error, ChrononError) else ChrononError(f"{type(error).__name__}: {error}")


def why_missing(batch_end: int, at: int, stale: Iterable[str], unknown: Iterable[str]) -> str:
    """Why columns were left empty or left out."""
    late, other = ", ".join(sorted(stale)), ", ".join(sorted(unknown))
    ends, asked = instant(batch_end), instant(at)
    reasons = [f"The batch ends at {ends} UTC, too long before {asked} for the windows of {late}"] if late else []
    if other:
        reasons.append(f"What is stored was written by a definition without {other}; upload the group-by again")
    return "\n".join(reasons)


def _shown(labels: Labels) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
