"""What a join answers: worked examples of the original, by their numbers, and where we answer otherwise."""

from __future__ import annotations

import pytest

from chronon.api.structs import ExternalPart, ExternalSource, JoinPart, MetaData, ModelTransforms
from chronon.base.errors import ConfigError, RequestError, StorageError
from chronon.base.types import LONG
from chronon.online import Fetcher, Request
from chronon.store.names import batch_dataset, streaming_dataset

from . import world as w
from .world import AMOUNT, BATCH, T0, USER, P, Q, R, derivations, ms

PURCHASES = {
    "shop_purchases_v1_amount_sum_1d": 25,
    "shop_purchases_v1_amount_sum_7d": 35,
    "shop_purchases_v1_amount_count": 3,
}
STARS = {"s_shop_ratings_v1_stars_sum_30d": 120}
BOTH = {"user_id": "u1", "seller": 7}
FAILED = "s_shop_ratings_v1_exception"


def test_parts_stand_side_by_side(join):  # E16
    answer = join(BOTH)
    assert answer.values == PURCHASES | STARS
    assert list(answer.values) == list(PURCHASES | STARS)
    assert answer.batch_ends == {"shop_purchases_v1": T0, "s_shop_ratings_v1": T0}


def test_keys_of_the_answer_are_cast(join):  # E12
    assert join({"user_id": "u1", "seller": "7", "more": 1}).keys == {"user_id": "u1", "seller": 7, "more": 1}


def test_a_missing_key_fails_its_part_alone(join):  # E17
    values = join({"user_id": "u1"}).values
    assert values.pop(FAILED).startswith("Failed to fetch s_shop_ratings_v1: Missing keys seller")
    assert values == PURCHASES


def test_a_null_key_gives_no_features_and_no_exception(join):  # E18
    assert join({"user_id": "u1", "seller": None}).values == PURCHASES


def test_unknown_entities_give_nothing(join):  # E19
    answer = join({"user_id": "u3", "seller": 99})
    assert (answer.values, answer.found, answer.error) == ({}, True, None)


def test_a_key_that_cannot_be_cast_fails_its_part_alone(fetcher):  # E13 fails the whole call
    bad, good = fetcher.fetch_join("shop.checkout.v1", [Request({"user_id": "u1", "seller": "abc"}), Request(BOTH)])
    assert "'abc' cannot be a key of type long" in bad.values.pop(FAILED)
    assert bad.values == PURCHASES
    assert good.values == PURCHASES | STARS


def test_a_part_that_was_never_uploaded_fails_alone(shop, join):  # E20
    shop.put_join(w.join("shop.new.v1", [JoinPart(P), JoinPart(w.group_by("shop.new.v1", ["user_id"], None))]))
    values = join(BOTH, name="shop/new.v1").values
    assert "Couldn't fetch group by serving info for SHOP_NEW_V1_BATCH" in values.pop("shop_new_v1_exception")
    assert values == PURCHASES
    shop.upload_values(w.group_by("shop.new.v1", ["user_id"], None), USER, {"x": LONG}, {("u1",): [1]})
    assert join(BOTH, name="shop/new.v1").values == PURCHASES | {"shop_new_v1_x": 1}  # E21: at once


def test_an_unknown_join_is_an_error_of_its_requests(fetcher):  # E28 raises for all joins of the call
    answers = fetcher.fetch_join("shop/nope.v1", [Request(BOTH), Request(BOTH)])
    for answer in answers:
        assert isinstance(answer.error, RequestError)
        assert "Couldn't fetch the join for key joins/shop/nope.v1" in str(answer.error)
        assert "shop/checkout.v1" in str(answer.error)


def test_an_instant_before_the_batch_end_fails_the_parts(join):
    values = join(BOTH, T0 - 1).values
    assert set(values) == {"shop_purchases_v1_exception", FAILED}
    assert "is less than batch time" in values["shop_purchases_v1_exception"]


def test_requests_of_one_call_may_have_different_instants(fetcher):
    times = [ms("Jan 10 05:00"), Q, None, ms("Jan 10 13:05"), T0 - 1]
    answers = fetcher.fetch_join("shop.checkout.v1", [Request(BOTH, at) for at in times])
    found = [answer.values.get("shop_purchases_v1_amount_sum_1d") for answer in answers]
    assert found == [20, 25, 25, 5, None]


def test_one_left_key_may_feed_two_right_keys(shop, join):  # Q44: the original loses one
    pairs = w.group_by("shop.pairs.v1", ["buyer", "seller"], None)
    shop.upload_values(pairs, {"buyer": LONG, "seller": LONG}, {"n": LONG}, {(7, 7): [1], (7, 8): [2]})
    part = JoinPart(pairs, {"user": "buyer"})
    part.keyMapping = {"user": "buyer", "seller": "seller"}
    shop.put_join(w.join("shop.pairs.v1", [part]))
    assert join({"user": 7, "seller": 8}, name="shop.pairs.v1").values == {"shop_pairs_v1_n": 2}


def test_a_group_by_may_stand_twice_with_other_keys(shop, join):
    shop.put_join(w.join("shop.twice.v1", [JoinPart(P), JoinPart(P, {"friend": "user_id"}, "friend")]))
    values = join({"user_id": "u1", "friend": "u2"}, name="shop.twice.v1").values
    assert values["shop_purchases_v1_amount_count"] == 3
    assert values["friend_shop_purchases_v1_amount_count"] == 1


def test_late_windows_are_empty_and_their_part_says_so(join):  # E24
    values = join(BOTH, ms("Jan 16 06:15")).values
    assert values["shop_purchases_v1_amount_sum_7d"] is None
    assert values["shop_purchases_v1_amount_count"] == 3
    assert "amount_sum_7d" in values["shop_purchases_v1_exception"]
    assert values["s_shop_ratings_v1_stars_sum_30d"] == 120  # a snapshot is as of its batch end


@pytest.mark.parametrize(
    "options, named",
    [
        ({"onlineExternalParts": [ExternalPart(ExternalSource(MetaData(name="plus_one")))]}, "external parts"),
        ({"modelTransforms": ModelTransforms([])}, "model transforms"),
    ],
)
def test_what_cannot_be_served_yet_is_refused_clearly(shop, join, options, named):
    shop.put_join(w.join("shop.more.v1", **options))
    answer = join(BOTH, name="shop.more.v1")
    assert isinstance(answer.error, ConfigError)
    assert f"shop.more.v1 has {named}, which cannot be served yet" in str(answer.error)


def test_fetch_finds_joins_and_group_bys_by_name(fetcher):
    assert fetcher.fetch("shop.checkout.v1", [Request(BOTH)])[0].values == PURCHASES | STARS
    assert fetcher.fetch("shop.ratings.v1", [Request({"vendor": 7})])[0].values == {"stars_sum_30d": 120}


# ---- derivations


def put(shop, *texts, parts=None):
    pairs = [text if text == "*" else tuple(part.strip() for part in text.split("=", 1)) for text in texts]
    shop.put_join(w.join(parts=parts, derivations=derivations(*pairs)))


RATIO = "ratio = shop_purchases_v1_amount_sum_1d / shop_purchases_v1_amount_sum_7d"


def test_renames(shop, join):  # E31
    put(shop, "*", "spend_7d = shop_purchases_v1_amount_sum_7d")
    kept = {name: value for name, value in PURCHASES.items() if name != "shop_purchases_v1_amount_sum_7d"}
    assert join(BOTH).values == kept | STARS | {"spend_7d": 35}
    assert join({"user_id": "u3", "seller": 99}).values == {"spend_7d": None}


def test_expressions(shop, join):  # E32
    put(shop, "*", RATIO)
    assert join(BOTH).values == PURCHASES | STARS | {"ratio": 0.7142857142857143}
    assert join({"user_id": "u3", "seller": 99}).values == dict.fromkeys([*PURCHASES, *STARS, "ratio"])


def test_what_comes_from_a_failed_part_is_left_out(shop, join):  # E33, and Q14: by what is read, not by the name
    put(shop, "*", RATIO, "stars = coalesce(s_shop_ratings_v1_stars_sum_30d, 0)", "s_shop_ratings_v1_like = 1 + 1")
    values = join({"user_id": "u1"}).values
    assert "Missing keys seller" in values.pop(FAILED)
    assert values == PURCHASES | {"ratio": 0.7142857142857143, "s_shop_ratings_v1_like": 2}


def test_without_a_star_only_what_is_named(shop, join):  # E34
    put(shop, RATIO)
    assert join(BOTH).values == {"ratio": 0.7142857142857143}


def test_expressions_may_read_keys_the_instant_and_the_day(shop, join):
    put(shop, "who = concat(user_id, '/', seller)", "when = ts", "day = ds")
    assert join({"user_id": "u1", "seller": "7"}).values == {"who": "u1/7", "when": Q, "day": "2024-01-10"}


def test_what_reads_a_part_that_cannot_be_served_is_left_out(shop, join):
    parts = [JoinPart(P), JoinPart(w.group_by("shop.new.v1", ["user_id"], None))]
    put(shop, "*", "n = shop_new_v1_x + 1", "m = shop_purchases_v1_amount_count + 1", parts=parts)
    values = join(BOTH).values
    assert set(values) == {*PURCHASES, "m", "shop_new_v1_exception"}


def test_an_expression_that_has_no_meaning_spares_the_others(shop, join):  # E35 loses all features; Q13
    put(shop, "*", "spend = shop_purchases_v1_amount_sum_7d", "bad = shop_purchases_v1_amount_summ_7d * 2")
    values = join(BOTH).values
    assert values["spend"] == 35
    assert "bad" not in values
    assert "shop_purchases_v1_amount_summ_7d" in values["derivation_fetch_exception"]


def test_columns_made_of_an_empty_window_are_empty(shop, join):
    put(shop, "*", "week = coalesce(shop_purchases_v1_amount_sum_7d, 0)")
    values = join(BOTH, ms("Jan 16 06:15")).values
    assert values["week"] is None
    assert "amount_sum_7d" in values["shop_purchases_v1_exception"]


def test_derivations_of_group_bys_come_before_those_of_joins(shop, join):
    own = w.group_by(
        "shop.purchases.v1", ["user_id"], P.aggregations, derivations=derivations(("n", "amount_count + 1"))
    )
    shop.upload(own, USER, AMOUNT, BATCH)
    put(shop, "*", "m = shop_purchases_v1_n * 10")
    assert join(BOTH).values == {"shop_purchases_v1_n": 4} | STARS | {"m": 40}
    assert join({"user_id": None, "seller": 7}).values == {"shop_purchases_v1_n": None} | STARS | {"m": None}


# ---- stores that fail


class Broken:
    """A store in which one dataset cannot be read."""

    def __init__(self, store, dataset):
        self._store, self._dataset = store, dataset

    def __getattr__(self, name):
        return getattr(self._store, name)

    def multi_get_many(self, gets):
        self._check(gets)
        return self._store.multi_get_many(gets)

    def scan_many(self, scans):
        self._check(scans)
        return self._store.scan_many(scans)

    def _check(self, reads):
        if any(read.dataset == self._dataset for read in reads):
            raise StorageError("the disk is gone")


@pytest.mark.parametrize("dataset", [batch_dataset("shop.purchases.v1"), streaming_dataset("shop.purchases.v1")])
def test_a_dataset_that_cannot_be_read_fails_its_part_alone(shop, clock, dataset):  # E22 loses history in silence
    fetcher = Fetcher(Broken(shop.store, dataset), clock)
    values = fetcher.fetch_join("shop/checkout.v1", [Request(BOTH)])[0].values
    assert values.pop("shop_purchases_v1_exception") == "Failed to fetch shop_purchases_v1: the disk is gone"
    assert values == STARS
    answer = fetcher.fetch_group_by("shop.purchases.v1", [Request({"user_id": "u1"})])[0]
    assert isinstance(answer.error, StorageError)


class Replaced(Broken):
    """A store in which two generations are published between a fetch's plan and its reads."""

    def _check(self, reads):
        if self._dataset is not None:
            dataset, self._dataset = self._dataset, None
            for number in range(2):
                w.World(self._store).upload(P, USER, AMOUNT, BATCH, generation=f"again {number}".replace(" ", "-"))
            assert reads[0].dataset == dataset


def test_a_fetch_overtaken_by_two_uploads_begins_again(shop, clock):
    fetcher = Fetcher(Replaced(shop.store, batch_dataset("shop.purchases.v1")), clock)
    assert fetcher.fetch_join("shop/checkout.v1", [Request(BOTH)])[0].values == PURCHASES | STARS


def test_what_is_counted(fetcher):
    requests = [Request(BOTH), Request({"user_id": "u3", "seller": "abc"})]
    fetcher.fetch_join("shop/checkout.v1", requests)
    fetcher.fetch_join("shop/nope.v1", requests)
    text = fetcher.metrics.text()
    assert 'chronon_requests_total{kind="join",name="shop/checkout.v1"} 2' in text
    assert 'chronon_request_errors_total{kind="join"} 2' in text
    assert 'chronon_part_errors_total{group_by="shop.ratings.v1"} 1' in text
    assert 'chronon_unknown_entities_total{group_by="shop.purchases.v1"} 1' in text
    assert 'chronon_fetch_seconds_count{kind="join",name="shop/checkout.v1"} 1' in text


def test_definitions_are_prepared_once(shop, fetcher):
    fetcher.fetch_join("shop/checkout.v1", [Request(BOTH)])
    before = fetcher.catalogue.join("shop/checkout.v1")
    shop.upload_values(R, {"vendor": LONG}, {"stars_sum_30d": LONG}, {(7,): [121]}, generation="next")
    answer = fetcher.fetch_join("shop/checkout.v1", [Request(BOTH)])[0]
    assert answer.values["s_shop_ratings_v1_stars_sum_30d"] == 121
    after = fetcher.catalogue.join("shop/checkout.v1")
    assert after.parts[0].group_by is before.parts[0].group_by
    assert after.parts[1].group_by is not before.parts[1].group_by
    shop.put_join(w.join("shop.other.v1"))
    fetcher.fetch_join("shop/checkout.v1", [Request(BOTH)])
    assert fetcher.catalogue.join("shop/checkout.v1") is after
