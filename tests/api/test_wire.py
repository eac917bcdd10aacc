"""The JSON form: byte for byte, there and back."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronon.api import structs
from chronon.api.enums import TimeUnit
from chronon.api.structs import MetaData, Query, StagingQuery, Window
from chronon.api.wire import fields_of, from_data, from_json, to_data, to_json
from chronon.base.errors import ConfigError, DataError

CLASSES = [cls for cls in structs.Struct.__subclasses__() if cls.__module__ == structs.__name__]


def test_two_spaces_ascii_and_no_line_end():
    assert to_json(StagingQuery(query="é", setups=[])) == '{\n  "query": "\\u00e9",\n  "setups": []\n}'


def test_fields_stand_in_the_order_of_their_ids_and_none_is_left_out():
    assert list(to_data(MetaData(description="d", name="n", team="t"))) == ["name", "team", "description"]


@pytest.mark.parametrize(
    "field, value, written",
    [
        ("online", True, 1),
        ("online", False, 0),
        ("online", 1, 1),
        ("samplePercent", 100, 100.0),
        ("samplePercent", 12.5, 12.5),
        ("tableProperties", {}, {}),
        ("tableProperties", {"b": "1", "a": "2"}, {"b": "1", "a": "2"}),
        ("dependencies", ("a",), ["a"]),
        ("deprecationDate", dt.date(2025, 3, 1), "2025-03-01"),
    ],
)
def test_values_as_they_are_written(field, value, written):
    data = to_data(MetaData(**{field: value}))
    assert data == {field: written}
    assert type(data[field]) is type(written)


def test_enumerations_are_their_numbers():
    assert to_json(Window(7, TimeUnit.DAYS)) == '{\n  "length": 7,\n  "timeUnit": 1\n}'
    assert to_data(Window(7.0, 1)) == {"length": 7, "timeUnit": 1}


def test_undeclared_attributes_are_never_written():
    window = Window(7, 1)
    window.tags = {"a": "b"}
    assert to_data(window) == {"length": 7, "timeUnit": 1}


@pytest.mark.parametrize(
    "struct, path",
    [
        (MetaData(online="yes"), "online"),
        (MetaData(samplePercent="all"), "samplePercent"),
        (MetaData(samplePercent=float("nan")), "samplePercent"),
        (Window(7.5, 1), "length"),
        (Query(selects={"a": 1}), "selects['a']"),
        (Query(wheres="a = b"), "wheres"),
        (structs.Source(events=structs.EventSource(query={"selects": {}})), "events.query"),
        (structs.Aggregation(windows=[Window(1, 1), None]), "windows[1]"),
        (MetaData(modeToEnvMap={"backfill": {"A": 1}}), "modeToEnvMap['backfill']['A']"),
    ],
)
def test_what_a_field_cannot_hold_is_refused_with_its_path(struct, path):
    with pytest.raises(ConfigError, match="cannot be written") as error:
        to_json(struct)
    assert error.value.place.field == path


def test_reading_passes_over_unknown_keys_and_takes_numbers_as_text():
    assert from_json(Window, '{"length": "7", "timeUnit": 1.0, "other": [1]}') == Window(7, 1)
    assert from_json(MetaData, '{"online": 0.0, "samplePercent": 1}') == MetaData(online=False, samplePercent=1.0)


@pytest.mark.parametrize(
    "text, token",
    [
        ("{", "Error decoding file into a GroupBy"),
        ("[]", "cannot be read"),
        ('{"aggregations": 3}', "3 cannot be read"),
        ('{"keyColumns": "user"}', "field keyColumns"),
        ('{"metaData": {"online": "yes"}}', "field metaData.online"),
        ('{"aggregations": [{"windows": [{"length": []}]}]}', r"field aggregations\[0\].windows\[0\].length"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_path(text, token):
    with pytest.raises(DataError, match=token):
        from_json(structs.GroupBy, text)


def values(kind, depth):
    origin = getattr(kind, "__origin__", None)
    if origin is list:
        return st.lists(values(kind.__args__[0], depth), max_size=2)
    if origin is dict:
        return st.dictionaries(st.text(max_size=3), values(kind.__args__[1], depth), max_size=2)
    scalars = {
        bool: st.booleans(),
        int: st.integers(-(2**31), 2**31 - 1),
        float: st.floats(allow_nan=False, allow_infinity=False),
        str: st.text(max_size=5),
    }
    return scalars[kind] if kind in scalars else made(kind, depth)


def made(cls, depth=3):
    if depth == 0:
        return st.just(from_data(cls, {}))
    names = {field.name: st.none() | st.deferred(lambda f=field: values(f.type, depth - 1)) for field in fields_of(cls)}
    return st.builds(cls, **names)


@given(st.sampled_from(CLASSES).flatmap(made))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_struct_survives_the_way_there_and_back(struct):
    text = to_json(struct)
    back = from_json(type(struct), text)
    assert back == struct
    assert to_json(back) == text
