"""What every store must do; run on all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from chronon.base.errors import ConfigError, DataError, MissingDataError, StorageError
from chronon.store import Gets, KVStore, Scans, StreamRow

from .conftest import batch, upload

D, S = "SHOP_V1_BATCH", "SHOP_V1_STREAMING"
LONG_KEY, LONG_OTHER = b"\x20" + b"u" * 600 + b"\0\x01", b"\x20" + b"u" * 600 + b"v\0\x01"


def test_it_is_a_store(store):
    assert isinstance(store, KVStore)


# ---- batch data


def test_a_generation_is_seen_from_its_publication_on(store, open_again):
    reader = open_again()
    assert reader.published(D) is None
    assert store.bulk_put(D, "2024-01-09", [batch({b"a": b"1"})]) == 1
    assert reader.published(D) is None
    with pytest.raises(MissingDataError, match="nothing is published"):
        reader.multi_get(D, [b"a"])
    store.publish(D, "2024-01-09", b"first info")
    assert reader.published(D)[:2] == ("2024-01-09", b"first info")
    assert reader.multi_get(D, [b"a", b"missing", b"a"]) == [b"1", None, b"1"]


def test_rows_come_in_any_order_and_in_any_batches(store):
    rows = {bytes([i]): bytes([255 - i]) for i in (3, 200, 1, 7, 0, 255)}
    pieces = [batch(dict([item])) for item in rows.items()]
    assert store.bulk_put(D, "g", [*pieces, batch({})]) == len(rows)
    store.publish(D, "g", b"")
    assert store.multi_get(D, list(rows)) == list(rows.values())


def test_an_empty_generation_can_be_published(store):
    assert store.bulk_put(D, "g", []) == 0
    store.publish(D, "g", b"info")
    assert store.multi_get(D, [b"a"]) == [None]


def test_a_new_generation_replaces_all_of_the_old(store, open_again):
    reader = open_again()
    upload(store, D, "g1", {b"a": b"1", b"b": b"1"})
    assert reader.multi_get(D, [b"a", b"b"]) == [b"1", b"1"]
    upload(store, D, "g2", {b"a": b"2", b"c": b"2"})
    assert reader.multi_get(D, [b"a", b"b", b"c"]) == [b"2", None, b"2"]


def test_a_generation_written_and_published_again_is_the_new_one(store, open_again):
    reader = open_again()
    upload(store, D, "g", {b"a": b"1"})
    assert reader.multi_get(D, [b"a"]) == [b"1"]
    upload(store, D, "g", {b"a": b"2"}, b"again")
    assert reader.multi_get(D, [b"a"]) == [b"2"]
    assert reader.published(D)[:2] == ("g", b"again")
    with pytest.raises(MissingDataError):
        store.rollback(D)


def test_a_rewriting_is_not_seen_before_it_is_published(store):
    upload(store, D, "g", {b"a": b"1"})
    store.bulk_put(D, "g", [batch({b"a": b"2"})])
    assert store.multi_get(D, [b"a"]) == [b"1"]


def test_a_reader_can_hold_on_to_what_was_published_before(store):
    upload(store, D, "g1", {b"a": b"1"})
    before = store.published(D)
    upload(store, D, "g2", {b"a": b"2"})
    assert store.multi_get(D, [b"a"], before) == [b"1"]
    gets = [Gets(D, [b"a"]), Gets(D, [b"a", b"x"], before)]
    assert store.multi_get_many(gets) == [[b"2"], [b"1", None]]


def test_two_generations_are_kept(store, open_again):
    upload(store, D, "g1", {b"a": b"1"})
    first = store.published(D)
    for generation in ("g2", "g3"):
        upload(store, D, generation, {b"a": generation.encode()})
    with pytest.raises(MissingDataError):
        open_again().multi_get(D, [b"a"], first)
    assert store.rollback(D) == "g2"
    assert store.multi_get(D, [b"a"]) == [b"g2"]


def test_a_rollback_brings_back_data_and_info_and_can_be_taken_back(store, open_again):
    reader = open_again()
    upload(store, D, "g1", {b"a": b"1"}, b"info 1")
    upload(store, D, "g2", {b"a": b"2"}, b"info 2")
    assert store.rollback(D) == "g1"
    assert (reader.multi_get(D, [b"a"]), reader.published(D).info) == ([b"1"], b"info 1")
    assert store.rollback(D) == "g2"
    assert (reader.multi_get(D, [b"a"]), reader.published(D).info) == ([b"2"], b"info 2")


def test_a_rollback_needs_a_generation_before(store):
    with pytest.raises(MissingDataError):
        store.rollback(D)


def test_what_was_not_written_cannot_be_published(store):
    with pytest.raises(MissingDataError, match="has not been written"):
        store.publish(D, "g", b"")


def test_datasets_do_not_touch_each_other(store):
    upload(store, "A_BATCH", "g", {b"k": b"a"})
    upload(store, "B_BATCH", "h", {b"k": b"b"})
    assert store.multi_get_many([Gets("A_BATCH", [b"k"]), Gets("B_BATCH", [b"k"])]) == [[b"a"], [b"b"]]


@pytest.mark.parametrize(
    "keys, values, problem",
    [([b"a", b"a"], [b"1", b"2"], "twice"), ([b"a", None], [b"1", b"2"], "null"), ([b"a"], [None], "null")],
)
def test_bad_rows_are_refused_and_leave_nothing(store, keys, values, problem):
    rows = pa.record_batch({"key": pa.array(keys, pa.binary()), "value": pa.array(values, pa.binary())})
    with pytest.raises(DataError, match=problem):
        store.bulk_put(D, "g", [rows])
    with pytest.raises(MissingDataError):
        store.publish(D, "g", b"")


def test_an_upload_that_fails_half_way_leaves_nothing(store):
    def batches():
        yield batch({b"a": b"1"})
        raise DataError("the source broke")

    with pytest.raises(DataError, match="the source broke"):
        store.bulk_put(D, "g", batches())
    with pytest.raises(MissingDataError):
        store.publish(D, "g", b"")


def test_long_keys_are_found_by_all_of_their_bytes(store):
    upload(store, D, "g", {LONG_KEY: b"1", b"a": b"2"})
    assert store.multi_get(D, [LONG_KEY, LONG_OTHER, b"a"]) == [b"1", None, b"2"]


def test_values_may_be_large_and_empty(store):
    upload(store, D, "g", {b"large": b"x" * 3_000_000, b"empty": b""})
    assert store.multi_get(D, [b"large", b"empty"]) == [b"x" * 3_000_000, b""]


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b"])
def test_datasets_have_plain_names(store, name):
    with pytest.raises(ConfigError):
        store.bulk_put(name, "g", [])


def test_the_version_grows_with_what_readers_see(store, open_again):
    reader = open_again()
    seen = [reader.version()]
    for change in (
        lambda: upload(store, D, "g1", {}),
        lambda: upload(store, D, "g2", {}),
        lambda: store.rollback(D),
        lambda: store.put_meta({"joins/a": b"1"}),
    ):
        change()
        seen.append(reader.version())
    assert seen == sorted(set(seen))
    store.multi_put(S, [(b"a", 1, b"x")])
    assert reader.version() == seen[-1]


# ---- stream rows


def test_rows_of_an_entity_come_in_order_of_time(store, open_again):
    store.multi_put(S, [(b"a", 30, b"third"), (b"b", 15, b"other"), (b"a", 10, b"first"), (b"a", 20, b"second")])
    reader = open_again()
    assert reader.scan(S, b"a", 0) == [b"first", b"second", b"third"]
    assert reader.scan(S, b"a", 20) == [b"second", b"third"]
    assert reader.scan(S, b"a", 10, 30) == [b"first", b"second"]
    assert reader.scan(S, b"a", 31) == []
    assert reader.scan(S, b"c", 0) == []


def test_times_before_1970_come_first(store):
    store.multi_put(S, [(b"a", 5, b"+"), (b"a", -5, b"-"), (b"a", 0, b"0")])
    assert store.scan(S, b"a", -(2**63)) == [b"-", b"0", b"+"]
    assert store.scan(S, b"a", 0) == [b"0", b"+"]


def test_nothing_was_streamed_yet(store):
    assert store.scan("NOBODY_STREAMING", b"a", 0) == []


def test_many_scans_at_once(store):
    store.multi_put(S, [(b"a", 1, b"a1"), (b"b", 2, b"b2")])
    store.multi_put("T_STREAMING", [(b"a", 3, b"t3")])
    scans = [
        Scans(S, [b"a", b"b", b"c"], 0),
        Scans("T_STREAMING", [b"a"], 0),
        Scans("NO", [b"a"], 0),
        Scans(S, [b"a"], 2),
    ]
    assert store.scan_many(scans) == [[[b"a1"], [b"b2"], []], [[b"t3"]], [[]], [[]]]
    assert store.scan_many([Scans(S, [b"b", b"a"], 0, 2)]) == [[[], [b"a1"]]]
    assert store.scan_many([]) == []


def test_a_row_written_again_is_one_row(store):
    rows = [StreamRow(b"a", 1, b"x", b"0/17"), StreamRow(b"a", 1, b"x", b"0/18"), (b"b", 1, b"x")]
    for _ in range(2):
        store.multi_put(S, rows)
    assert store.scan(S, b"a", 0) == [b"x", b"x"]
    assert store.scan(S, b"b", 0) == [b"x"]


def test_rows_of_one_instant_all_survive(store):
    store.multi_put(S, [(b"a", 1, b"x"), (b"a", 1, b"y")])
    store.multi_put(S, [(b"a", 1, b"z")])
    assert sorted(store.scan(S, b"a", 0)) == [b"x", b"y", b"z"]


def test_long_keys_stream_too(store):
    store.multi_put(S, [(LONG_KEY, 1, b"mine"), (LONG_OTHER, 1, b"other")])
    assert store.scan(S, LONG_KEY, 0) == [b"mine"]
    assert store.scan(S, LONG_OTHER, 0) == [b"other"]


def test_many_rows(store):
    store.multi_put(S, [StreamRow(b"key", i, b"%d" % i * 40) for i in range(50_000)])
    assert store.scan(S, b"key", 49_998) == [b"49998" * 40, b"49999" * 40]


# ---- entries of meta


def test_entries_are_written_together_and_listed(store, open_again):
    store.put_meta({"joins/shop/b.v1": b"B", "joins/shop/a.v1": b"A", "other": b"O"})
    reader = open_again()
    assert reader.get_meta("joins/shop/a.v1") == b"A"
    assert reader.get_meta("joins/shop/c.v1") is None
    assert reader.list_meta("joins/") == ["joins/shop/a.v1", "joins/shop/b.v1"]
    store.put_meta({"joins/shop/a.v1": b"A2"})
    assert reader.get_meta("joins/shop/a.v1") == b"A2"


# ---- forgetting


def test_a_deleted_entity_is_in_no_generation_and_no_stream(store, open_again):
    reader = open_again()
    for generation in ("g1", "g2"):
        upload(store, D, generation, {b"a": b"1", b"b": b"2", LONG_KEY: b"3"}, generation.encode())
    store.multi_put(D, [(b"a", 1, b"x"), (b"a", 2, b"y"), (b"b", 1, b"z")])
    for key in (b"a", LONG_KEY):
        store.delete(D, key)
    for _ in range(2):
        assert reader.multi_get(D, [b"a", b"b", LONG_KEY]) == [None, b"2", None]
        store.rollback(D)
    assert reader.published(D)[:2] == ("g2", b"g2")
    assert reader.scan(D, b"a", 0) == []
    assert reader.scan(D, b"b", 0) == [b"z"]


def test_what_is_not_there_can_be_deleted(store):
    store.delete(D, b"a")
    upload(store, D, "g", {b"b": b"1"})
    store.delete(D, b"a")
    assert store.multi_get(D, [b"b"]) == [b"1"]


# ---- threads, and the end


def test_threads_share_a_store(store):
    upload(store, D, "g", {b"%d" % i: b"%d" % i for i in range(100)})

    def work(thread):
        for i in range(100):
            store.multi_put(S, [(b"%d" % thread, i, b"%d" % i)]) if i % 20 == 0 else None
            assert store.multi_get(D, [b"%d" % i]) == [b"%d" % i]
            store.scan(S, b"%d" % thread, 0)
        return len(store.scan(S, b"%d" % thread, 0))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [5, 5, 5, 5]


def test_a_closed_store_says_so(store):
    upload(store, D, "g", {b"a": b"1"})
    store.close()
    store.close()
    with pytest.raises(StorageError, match="closed"):
        store.multi_get(D, [b"a"])
