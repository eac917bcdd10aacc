"""What a group-by answers: worked examples of the original, by their numbers, and where we answer otherwise."""

from __future__ import annotations

from datetime import date

import pytest

from chronon.api.structs import Aggregation
from chronon.base.errors import DataError, RequestError
from chronon.base.types import DATE, DOUBLE, LONG, STRING, StructType
from chronon.online import Request
from chronon.store.names import batch_dataset, streaming_dataset

from . import world as w
from .world import AMOUNT, BATCH, T0, USER, P, Q, U, derivations, ms

PURCHASES = "shop.purchases.v1"


def triple(answer):
    assert answer.error is None
    return tuple(answer.values.get(f"amount_{name}") for name in ("sum_1d", "sum_7d", "count"))


@pytest.mark.parametrize(
    "user, at, expected",
    [
        pytest.param("u1", Q, (25, 35, 3), id="E01"),
        pytest.param("u1", ms("Jan 10 05:00"), (20, 30, 2), id="E02"),
        pytest.param("u1", ms("Jan 10 13:05"), (5, 35, 3), id="E03"),
        pytest.param("u2", Q, (7, 7, 1), id="E05"),
    ],
)
def test_batch_and_stream_together(group_by, user, at, expected):
    assert triple(group_by(PURCHASES, {"user_id": user}, at)) == expected


def test_without_a_stream_the_batch_answers(shop, group_by):  # E04
    shop.upload(P, USER, AMOUNT, {("u9",): BATCH["u1",]})
    assert triple(group_by(PURCHASES, {"user_id": "u9"})) == (20, 30, 2)


def test_an_unknown_entity_has_no_values(group_by):  # E06
    answer = group_by(PURCHASES, {"user_id": "u3"})
    assert (answer.values, answer.found, answer.error) == ({}, False, None)


def test_a_stream_row_before_the_batch_end_waits_for_the_next_batch(shop, group_by):  # E07
    for user in ("u1", "u3"):
        shop.stream(P, USER, AMOUNT, (user,), [(ms("Jan 9 23:59"), [99])], offset=5)
    assert triple(group_by(PURCHASES, {"user_id": "u1"})) == (25, 35, 3)
    assert not group_by(PURCHASES, {"user_id": "u3"}).found


@pytest.mark.parametrize("user", ["u1", "u3"])
def test_an_instant_before_the_batch_end_is_an_error(group_by, user):  # E08
    answer = group_by(PURCHASES, {"user_id": user}, T0 - 1)
    assert isinstance(answer.error, RequestError)
    assert answer.error.problem == f"Request time of {T0 - 1} is less than batch time {T0}"
    assert triple(group_by(PURCHASES, {"user_id": "u1"}, T0)) == (20, 30, 2)


@pytest.mark.parametrize("vendor", [7, "7", 7.0])
def test_a_key_is_cast_to_its_declared_type(group_by, vendor):  # E09, E12
    assert group_by("shop/ratings.v1", {"vendor": vendor}).values == {"stars_sum_30d": 120}


def test_a_key_that_cannot_be_cast_is_an_error_of_its_request(fetcher):  # E13
    bad, good = fetcher.fetch_group_by("shop.ratings.v1", [Request({"vendor": "abc"}), Request({"vendor": 7})])
    assert "'abc' cannot be a key of type long" in str(bad.error)
    assert good.values == {"stars_sum_30d": 120}


def test_without_aggregations_the_row_answers(group_by):  # E11
    assert group_by("shop.users.v1", {"user_id": "u1"}).values == {"country": "FR", "age": 31}
    assert not group_by("shop.users.v1", {"user_id": "u2"}).found


def test_answers_stand_in_the_order_of_the_requests_null_keys_too(fetcher):  # E14; the original drops null keys
    answers = fetcher.fetch_group_by(PURCHASES, [Request({"user_id": user}) for user in ("u1", None, "u2", "u1")])
    assert [answer.keys["user_id"] for answer in answers] == ["u1", None, "u2", "u1"]
    assert [answer.found for answer in answers] == [True, False, True, True]
    assert all(answer.error is None for answer in answers)
    assert answers[3].values == answers[0].values


def test_a_missing_key_is_an_error(group_by):  # E15 reads it as 0
    assert "Missing keys vendor" in str(group_by("shop.ratings.v1", {"other": 1}).error)


def test_keys_that_nobody_asked_for_are_passed_over(group_by):
    assert group_by("shop.ratings.v1", {"vendor": 7, "other": object()}).values == {"stars_sum_30d": 120}


def test_what_was_never_uploaded_is_an_error_of_each_request(fetcher):
    answers = fetcher.fetch_group_by("shop.nope.v1", [Request({}), Request({}, at=5)])
    for answer in answers:
        assert "Couldn't fetch group by serving info for SHOP_NOPE_V1_BATCH" in str(answer.error)
    assert [answer.at for answer in answers] == [Q, 5]


@pytest.mark.parametrize("at", [-1, True, 1.5, "now", 10**15])
def test_an_instant_is_ms_as_an_integer(group_by, at):
    assert "is not an instant" in str(group_by(PURCHASES, {"user_id": "u1"}, at).error)


def test_without_an_instant_the_clock_says_when(group_by, clock):
    assert triple(group_by(PURCHASES, {"user_id": "u1"})) == (25, 35, 3)
    clock.at = ms("Jan 10 13:05")
    answer = group_by(PURCHASES, {"user_id": "u1"})
    assert (triple(answer), answer.at) == ((5, 35, 3), clock.at)


def test_dots_and_a_slash_name_the_same(group_by):
    assert group_by("shop/purchases.v1", {"user_id": "u1"}) == group_by(PURCHASES, {"user_id": "u1"})


def test_an_answer_tells_how_far_the_batch_goes(group_by):
    assert group_by(PURCHASES, {"user_id": "u1"}).batch_ends == {"shop_purchases_v1": T0}


# ---- changes of entities


def test_changes_take_back_and_add(shop, group_by):  # E25: a maximum cannot be taken back
    assert group_by("shop.prices.v1", {"item": 1}).values == {"price_sum": 70, "price_max": 40}
    made, row = ms("Jan 10 05:00"), ms("Jan 6 01:00")
    shop.change(1, made, row, 35)
    shop.change(1, made, row, 40, before=True)
    assert group_by("shop.prices.v1", {"item": 1}).values == {"price_sum": 65, "price_max": 40}
    assert group_by("shop.prices.v1", {"item": 1}, made).values == {"price_sum": 70, "price_max": 40}


def test_a_deletion(shop, group_by):  # E26
    shop.change(1, ms("Jan 10 05:00"), ms("Jan 6 00:00"), 30, before=True)
    assert group_by("shop.prices.v1", {"item": 1}).values == {"price_sum": 40, "price_max": 40}


def test_changes_count_by_when_they_were_made(shop, fetcher, group_by):  # E27
    shop.change(1, T0 - 1, ms("Jan 6 00:00"), 1000)
    shop.change(1, ms("Jan 10 05:00"), ms("Jan 6 00:00") - 366 * 86_400_000, 5)
    assert group_by("shop.prices.v1", {"item": 1}).values["price_sum"] == 75
    times = [T0, ms("Jan 10 05:00"), ms("Jan 10 05:01")]
    answers = fetcher.fetch_group_by("shop.prices.v1", [Request({"item": 1}, at) for at in times])
    assert [answer.values["price_sum"] for answer in answers] == [70, 70, 75]


# ---- a batch that is late, and one that changes


def test_windows_of_a_late_batch_are_empty_and_say_so(group_by):  # E24 gives (null, 35, 3), which is wrong
    answer = group_by(PURCHASES, {"user_id": "u1"}, ms("Jan 16 06:15"))
    assert triple(answer) == (None, None, 3)
    assert "amount_sum_7d" in answer.values["shop_purchases_v1_exception"]
    assert "amount_sum_1d" not in answer.values["shop_purchases_v1_exception"]  # nothing, and rightly so


def test_what_is_derived_from_an_empty_window_is_empty(shop, group_by):
    shop.upload(
        group_by_with(("*", "week = coalesce(amount_sum_7d, 0)", "all = amount_count + 0")), USER, AMOUNT, BATCH
    )
    answer = group_by(PURCHASES, {"user_id": "u1"}, ms("Jan 16 06:15"))
    assert answer.values["week"] is None
    assert answer.values["all"] == 3
    assert answer.values["amount_sum_7d"] is None
    fresh = group_by(PURCHASES, {"user_id": "u1"})
    assert (fresh.values["week"], fresh.values["all"]) == (35, 3)


def test_a_new_batch_is_seen_by_the_next_fetch_whole(shop, group_by):  # E23
    late = ms("Jan 11 01:00")
    end = ms("Jan 11 00:00")
    old = triple(group_by(PURCHASES, {"user_id": "u1"}, late))
    rows = {("u1",): [*BATCH["u1",], (ms("Jan 10 05:00"), [5]), (ms("Jan 5 10:00"), [7])]}
    shop.upload(P, USER, AMOUNT, rows, batch_end=end)
    new = group_by(PURCHASES, {"user_id": "u1"}, late)
    assert (old, triple(new)) == ((5, 35, 3), (5, 42, 4))
    assert new.batch_ends == {"shop_purchases_v1": end}


def test_a_rollback_is_seen_by_the_next_fetch(shop, group_by):
    shop.upload(P, USER, AMOUNT, {("u1",): [(ms("Jan 9 00:00"), [1000])]}, generation="wrong")
    assert triple(group_by(PURCHASES, {"user_id": "u1"}))[2] == 2
    shop.store.rollback(batch_dataset(PURCHASES))
    assert triple(group_by(PURCHASES, {"user_id": "u1"})) == (25, 35, 3)


def test_a_changed_definition_is_served_with_its_data(shop, group_by):
    group_by(PURCHASES, {"user_id": "u1"})
    changed = group_by_of([Aggregation("amount", 1)])
    shop.upload(changed, USER, AMOUNT, BATCH, generation="changed")
    shop.store.delete(streaming_dataset(PURCHASES), b"\x20u1\0\x01")
    assert group_by(PURCHASES, {"user_id": "u1"}).values == {"amount_max": 20}


def test_records_of_another_definition_are_an_error_and_not_an_answer(shop, group_by):
    stranger = group_by_of([Aggregation("amount", 1)])
    shop.stream(stranger, USER, {"amount": DOUBLE}, ("u1",), [(ms("Jan 10 06:00"), [1.0])], offset=9)
    answer = group_by(PURCHASES, {"user_id": "u1"})
    assert isinstance(answer.error, DataError)
    assert triple(group_by(PURCHASES, {"user_id": "u2"})) == (7, 7, 1)


def group_by_of(aggregations, **options):
    return w.group_by(PURCHASES, ["user_id"], aggregations, **options)


def group_by_with(texts):
    pairs = [text if text == "*" else tuple(map(str.strip, text.split("=", 1))) for text in texts]
    return group_by_of(P.aggregations, derivations=derivations(*pairs))


# ---- derivations


@pytest.mark.parametrize(
    "texts, expected",
    [
        (["n = coalesce(amount_count, 0)"], {"n": 0}),
        (["n = amount_count"], {"n": None}),
        (["*", "n = amount_count"], {"n": None}),
        (["user = user_id"], {"user": "u3"}),
    ],
)
def test_derivations_of_an_unknown_entity(shop, group_by, texts, expected):  # E37
    shop.upload(group_by_with(texts), USER, AMOUNT, BATCH)
    assert group_by(PURCHASES, {"user_id": "u3"}).values == expected


def test_derivations_may_read_the_instant_and_its_day(shop, group_by):  # E36
    texts = ["hour = from_unixtime(ts / 1000, 'HH')", "day = ds"]
    shop.upload(group_by_with(texts), USER, AMOUNT, BATCH)
    assert group_by(PURCHASES, {"user_id": "u1"}).values == {"hour": "06", "day": "2024-01-10"}


def test_a_derivation_that_cannot_be_computed_spares_the_others(shop, group_by):
    shop.upload(group_by_with(["*", "bad = no_such_column + 1", "good = amount_count"]), USER, AMOUNT, BATCH)
    values = group_by(PURCHASES, {"user_id": "u1"}).values
    assert values["good"] == 3
    assert "bad" not in values
    assert "no_such_column" in values["derivation_fetch_exception"]


# ---- types


def test_structs_are_tuples_and_dates_are_dates(shop, group_by):
    person = StructType({"name": STRING, "age": LONG})
    kinds = {"who": person, "day": DATE}
    day = date(2024, 1, 10)
    shop.upload_values(U, USER, kinds, {("u1",): [{"name": "Ada", "age": 36}, day]})
    assert group_by("shop.users.v1", {"user_id": "u1"}).values == {"who": ("Ada", 36), "day": day}
