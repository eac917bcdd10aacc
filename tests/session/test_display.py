"""What a person sees: the same page on a terminal, in a notebook and as text; errors without our own stack."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from chronon import Aggregation, EventSource, GroupBy, Operation, Query, Window, select
from chronon.base.display import BAD, Grid, Page, to_html, to_text
from chronon.base.errors import ConfigError
from chronon.session import Session

from .conftest import spending, training


def on_terminal(thing: object) -> str:
    out = StringIO()
    Console(file=out, width=120).print(thing)
    return out.getvalue()


def test_a_group_by_shows_what_it_is() -> None:
    for text in (on_terminal(spending()), spending()._repr_html_()):
        for word in (
            "shop.spending",
            "data.purchases",
            "SUM",
            "1d, 7d",
            "LAST_K(k=2)",
            "all history",
            "to the millisecond",
        ):
            assert word in text
    assert "&gt; 0" in spending()._repr_html_()


def test_a_join_shows_its_parts_and_derivations() -> None:
    text = on_terminal(training())
    for word in ("shop.training", "data.checkouts", "shop.spending", "shop.users", "cart / shop_spending_price_sum_7d"):
        assert word in text


def test_a_source_and_an_unfinished_definition_show_themselves() -> None:
    source = EventSource(table="a.b", query=Query(selects=select("x"), time_column="ts"))
    assert "a.b" in on_terminal(source)
    bare = GroupBy(sources=source, keys=["x"], aggregations=[Aggregation("x", Operation.SUM, windows=[Window(3, 0)])])
    bare.metaData.name = None
    assert "without a name" in on_terminal(bare)
    assert "3h" in on_terminal(bare)


def test_the_three_forms_hold_the_same() -> None:
    grid = Grid(["a", "b"], [[1.5, "<x>"], [None, "[red]y"]], title="t", note="n", marks=["", BAD])
    page = Page("name", "kind", {"fact": [1, None]}, [grid], ["mind"])
    text = to_text(page)
    assert text == on_terminal_plain(page)
    for word in ("kind name", "fact  [1, -]", "1.5  <x>", "-  [red]y", "note: mind"):
        assert word in text
    html = to_html(page)
    assert "&lt;x&gt;" in html
    assert '<tr class="bad">' in html
    assert "prefers-color-scheme" not in html, "shades come from the colour of the text, which the notebook sets"


def on_terminal_plain(page: Page) -> str:
    from chronon.base.display import to_rich

    return "\n".join(line.rstrip() for line in on_terminal(to_rich(page)).splitlines())


def test_results_are_readable_as_they_stand(session: Session) -> None:
    found = spending().features([{"user_id": 1, "ts": 1_704_412_800_000}])
    assert "price_sum_1d" in repr(found)
    assert "2 rows" not in repr(found)
    assert repr(session).startswith("Session(")


def test_an_error_in_a_notebook_is_the_users_line_and_the_message() -> None:
    with pytest.raises(ConfigError) as caught:
        GroupBy(sources=EventSource(table="a.b", query=Query()), keys=[], aggregations=None)
    lines = caught.value._render_traceback_()
    assert lines[0].strip().startswith("GroupBy(sources=")
    assert "a group-by has no keys" in lines[-1]
    assert not any("src/chronon" in line for line in lines)
