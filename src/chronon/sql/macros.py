"""What DuckDB lacks or does otherwise, as macros: created once per connection, named ``chronon_...``.

Each is a macro because the text of its argument may be long and is needed more than once. In the texts below a macro
is ``name(arguments) = body``, ended by an empty line; ``name!`` is null if any argument is, whatever its conditions
and ``greatest`` make of a null; ``@NAME`` stands for a constant of this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chronon.sql.duckdb_types import text

_CASED, _IGNORED = r"\p{Lu}\p{Ll}\p{Lt}", r"\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}'.:·" + "\u2019\u2027"
_GROWING = "".join(
    chr(code)
    for first, last in ((0xDF, 0x149), (0x1F0, 0x1F0), (0x390, 0x587), (0x1E96, 0x1FFC), (0xFB00, 0xFB17))
    for code in range(first, last + 1)
    if len(chr(code).upper()) > 1
)
"""Characters whose upper case is several characters, which DuckDB leaves as they are or changes to one."""

_CONSTANTS = {
    "WHITE": "".join(map(chr, range(1, 33))),
    "DATE": r"^([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T](?:.|\n)*)?)?)?$",
    "MOMENT": (
        r"^([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T]"
        r"(?:([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{0,9}))?)?)?"
        r"(?: ?(?:Z|UTC|GMT|UT|(?:UTC|GMT|UT)?([+-][0-9]{1,2})(?::?([0-9]{2}))?))?)?)?)?)?$"
    ),
    "NUMBER": r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?",
    "WHOLE": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]*)",
    "SIGMA": f"([{_CASED}][{_IGNORED}]*)\u03a3([{_IGNORED}]*(?:[^{_CASED}{_IGNORED}]|$))",
    "GROWING": f"[{_GROWING}]",
    # a JSON text without its strings shows by these what DuckDB reads and others do not: commas before an end, NaN
    "STRINGS": r'"(?:[^"\\]|\\.)*"',
    "LENIENT": r",\s*[\]}]|[nN][aA]|[iI]|[TFNEUL][A-Z]",
}

_NUMBERS = """
cut_int(x) = CASE WHEN isnan(x) THEN 0 WHEN x >= 2147483647 THEN 2147483647
    WHEN x <= -2147483648 THEN CAST(-2147483648 AS INTEGER) ELSE CAST(trunc(x) AS INTEGER) END

cut_long(x) = CASE WHEN isnan(x) THEN CAST(0 AS BIGINT)
    WHEN x >= 9223372036854775807e0 THEN CAST(9223372036854775807 AS BIGINT)
    WHEN x <= -9223372036854775808e0 THEN CAST(-9223372036854775808 AS BIGINT) ELSE CAST(trunc(x) AS BIGINT) END

float(x) = CASE WHEN isfinite(x) AND abs(x) >= 3.4028235677973366e38
    THEN CAST(CASE WHEN x > 0 THEN 'inf' ELSE '-inf' END AS FLOAT) ELSE TRY_CAST(x AS FLOAT) END

text_special(x) = CASE WHEN lower(x) IN ('inf', '+inf', 'infinity', '+infinity') THEN 'inf'
    WHEN lower(x) IN ('-inf', '-infinity') THEN '-inf' WHEN lower(x) = 'nan' THEN 'nan' END

text_double(x) = CASE WHEN regexp_full_match(trim(x, @WHITE), @NUMBER)
    THEN TRY_CAST(rtrim(trim(x, @WHITE), 'dDfF') AS DOUBLE)
    ELSE TRY_CAST(chronon_text_special(trim(x, @WHITE)) AS DOUBLE) END

text_float(x) = CASE WHEN regexp_full_match(trim(x, @WHITE), @NUMBER)
    THEN TRY_CAST(rtrim(trim(x, @WHITE), 'dDfF') AS FLOAT)
    ELSE TRY_CAST(chronon_text_special(trim(x, @WHITE)) AS FLOAT) END

text_boolean(x) = CASE WHEN lower(trim(x, @WHITE)) IN ('t', 'true', 'y', 'yes', '1') THEN true
    WHEN lower(trim(x, @WHITE)) IN ('f', 'false', 'n', 'no', '0') THEN false END

scientific_of(sign, whole, part, power) = CASE WHEN ltrim(whole, '0') = ''
    THEN sign || left(ltrim(part, '0'), 1) || '.' || coalesce(nullif(rtrim(substr(ltrim(part, '0'), 2), '0'), ''), '0')
        || 'E' || CAST(power - 1 - (length(part) - length(ltrim(part, '0'))) AS VARCHAR)
    ELSE sign || left(whole, 1) || '.' || coalesce(nullif(rtrim(substr(whole || part, 2), '0'), ''), '0')
        || 'E' || CAST(power + length(whole) - 1 AS VARCHAR) END

scientific(x) = chronon_scientific_of(CASE WHEN left(x, 1) = '-' THEN '-' ELSE '' END,
    regexp_extract(x, '^-?([0-9]+)', 1), regexp_extract(x, '[.]([0-9]+)', 1),
    coalesce(TRY_CAST(regexp_extract(x, 'e([+-]?[0-9]+)$', 1) AS INTEGER), 0))

float_text(x) = CASE WHEN isnan(x) THEN 'NaN'
    WHEN x = 0 OR (abs(x) >= 0.001e0 AND abs(x) < 1e7) THEN CAST(x AS VARCHAR)
    WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    ELSE chronon_scientific(CAST(x AS VARCHAR)) END

div(a, b) = chronon_long(CAST(a AS HUGEINT) // nullif(CAST(b AS HUGEINT), 0))

pmod(a, b) = CASE WHEN a % nullif(b, 0) < 0 THEN (a % nullif(b, 0) + b) % nullif(b, 0) ELSE a % nullif(b, 0) END

pmod_int(a, b) = CAST(CASE WHEN a % nullif(b, 0) < 0 THEN CAST(chronon_int(a % nullif(b, 0) + b) AS HUGEINT) % b
    ELSE a % nullif(b, 0) END AS INTEGER)

pmod_long(a, b) = CAST(CASE WHEN a % nullif(b, 0) < 0 THEN CAST(chronon_long(a % nullif(b, 0) + b) AS HUGEINT) % b
    ELSE a % nullif(b, 0) END AS BIGINT)

floor_div(a, b) = CASE WHEN a % b < 0 THEN a // b - 1 ELSE a // b END

round_integer(x, unit) = sign(x) * ((abs(x) + unit // 2) // unit * unit)

ln(x) = CASE WHEN x > 0 THEN ln(x) END

log10(x) = CASE WHEN x > 0 THEN log10(x) END

log(b, x) = CASE WHEN b > 0 AND x > 0 THEN ln(x) / ln(b) END

power!(a, b) = CASE WHEN isnan(b) OR (abs(a) = 1 AND isinf(b)) THEN CAST('nan' AS DOUBLE) ELSE pow(a, b) END

sign!(x) = CASE WHEN isnan(x) OR x = 0 THEN x WHEN x > 0 THEN 1e0 ELSE -1e0 END

one!(x) = 1
"""

_INTEGER = """
text_NAME(x) = CASE WHEN regexp_full_match(trim(x, @WHITE), @WHOLE) THEN TRY_CAST(coalesce(nullif(nullif(nullif(
    regexp_extract(trim(x, @WHITE), '^[+-]?[0-9]*'), ''), '+'), '-'), '0') AS KIND) END
"""
"""For each type of whole numbers."""

_TEXTS = """
upper(x) = CASE WHEN regexp_matches(x, @GROWING)
    THEN upper(array_to_string(list_transform(string_split(x, ''), lambda c: coalesce(@CAPITALS[c], c)), ''))
    ELSE upper(x) END

lower(x) = lower(CASE WHEN regexp_matches(x, '[\u0130\u03a3]')
    THEN regexp_replace(replace(x, '\u0130', 'i\u0307'), @SIGMA, '\\1\u03c2\\2', 'g') ELSE x END)

first(x, start) = CASE WHEN start > 0 THEN CAST(start AS BIGINT) - 1
    WHEN start < 0 THEN length(x) + CAST(start AS BIGINT) ELSE 0 END

substr!(x, start, n) = substring(x, greatest(chronon_first(x, start), 0) + 1,
    least(greatest(chronon_first(x, start) + n - greatest(chronon_first(x, start), 0), 0), 2147483647))

right!(x, n) = right(x, greatest(n, 0))

repeat!(x, n) = repeat(x, greatest(n, 0))

lpad!(x, n, pad) = CASE WHEN n <= length(x) OR pad = '' THEN left(x, greatest(n, 0))
    ELSE lpad(x, greatest(n, 0), CASE WHEN pad = '' THEN ' ' ELSE pad END) END

rpad!(x, n, pad) = CASE WHEN n <= length(x) OR pad = '' THEN left(x, greatest(n, 0))
    ELSE rpad(x, greatest(n, 0), CASE WHEN pad = '' THEN ' ' ELSE pad END) END

reverse(x) = array_to_string(list_reverse(string_split(x, '')), '')

locate(part, x, start) = CAST(CASE WHEN start IS NULL THEN 0 WHEN part IS NULL OR x IS NULL THEN NULL
    WHEN start <= 0 THEN 0 WHEN part = '' THEN 1
    WHEN start > length(x) OR instr(substring(x, start), part) = 0 THEN 0
    ELSE instr(substring(x, start), part) + start - 1 END AS INTEGER)

join!(x, separator) = coalesce(substr(array_to_string(list_transform(list_filter(x, lambda e: e IS NOT NULL),
    lambda e: separator || e), ''), length(separator) + 1), '')

substring_index!(x, d, n) = CASE WHEN d = '' OR n = 0 THEN '' WHEN n > 0 THEN chronon_join(string_split(x, d)[1:n], d)
    ELSE chronon_join(string_split(x, d)[greatest(len(string_split(x, d)) + CAST(n AS BIGINT), 0) + 1:], d) END
"""

_TIMES = """
micros(x) = CASE WHEN x BETWEEN CAST(-62135596800000000 AS BIGINT) AND CAST(253402300799999999 AS BIGINT)
    THEN make_timestamp(CAST(x AS BIGINT)) END

seconds(x) = chronon_micros(CAST(x AS HUGEINT) * 1000000)

float_seconds(x) = CASE WHEN abs(x * 1e6) < 9e17 THEN chronon_micros(CAST(trunc(x * 1e6) AS BIGINT)) END

unix(x) = chronon_floor_div(epoch_us(x), 1000000)

date(x) = CASE WHEN x BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN x END

date_add(d, n) = chronon_date(CASE WHEN n BETWEEN -4000000 AND 4000000 THEN d + CAST(n AS INTEGER) END)

month_number(d, n) = (year(d) * 12 + month(d) - 1 + CAST(n AS BIGINT))

add_months(d, n) = CASE WHEN chronon_month_number(d, n) BETWEEN 12 AND 119999
    THEN CAST(d + to_months(CAST(n AS INTEGER)) AS DATE) END

shift_months(m, n) = CASE WHEN chronon_month_number(m, n) BETWEEN 12 AND 119999
    THEN m + to_months(CAST(n AS INTEGER)) END

make_date(y, m, d) = CASE WHEN y BETWEEN 1 AND 9999 AND m BETWEEN 1 AND 12 AND d BETWEEN 1 AND 31
    THEN TRY(make_date(CAST(y AS BIGINT), CAST(m AS BIGINT), CAST(d AS BIGINT))) END

date_text(d) = (lpad(CAST(year(d) AS VARCHAR), 4, '0') || strftime(d, '-%m-%d'))

timestamp_text(m) = (lpad(CAST(year(m) AS VARCHAR), 4, '0') || strftime(m, '-%m-%d %H:%M:%S')
    || CASE WHEN microsecond(m) % 1000000 = 0 THEN '' ELSE rtrim(strftime(m, '.%f'), '0') END)

part(x, shape, place) = CASE WHEN place > 0 THEN regexp_extract(x, shape, place) ELSE '' END

part_number(x, shape, place, fallback) = coalesce(TRY_CAST(chronon_part(x, shape, place) AS BIGINT), fallback)

moment(y, mo, d, h, mi, s, us) = CASE WHEN y BETWEEN 1 AND 9999 AND mo BETWEEN 1 AND 12 AND d BETWEEN 1 AND 31
    AND h BETWEEN 0 AND 23 AND mi BETWEEN 0 AND 59 AND s BETWEEN 0 AND 59
    THEN TRY(make_timestamp(y, mo, d, h, mi, CAST(s AS DOUBLE))) + to_microseconds(us) END

fraction(x) = coalesce(TRY_CAST(rpad(left(x, 6), 6, '0') AS BIGINT), 0)

text_date_of(x) = CASE WHEN regexp_matches(x, @DATE) THEN chronon_make_date(chronon_part_number(x, @DATE, 1, 0),
    chronon_part_number(x, @DATE, 2, 1), chronon_part_number(x, @DATE, 3, 1)) END

text_date(x) = chronon_text_date_of(trim(x, @WHITE))

zone_minutes(x) = (abs(chronon_part_number(x, @MOMENT, 8, 0)) * 60 + chronon_part_number(x, @MOMENT, 9, 0))

text_moment_of(x) = CASE WHEN regexp_matches(x, @MOMENT) AND chronon_zone_minutes(x) <= 1080
    AND chronon_part_number(x, @MOMENT, 9, 0) <= 59
    THEN chronon_micros(epoch_us(chronon_moment(chronon_part_number(x, @MOMENT, 1, 0),
        chronon_part_number(x, @MOMENT, 2, 1), chronon_part_number(x, @MOMENT, 3, 1),
        chronon_part_number(x, @MOMENT, 4, 0), chronon_part_number(x, @MOMENT, 5, 0),
        chronon_part_number(x, @MOMENT, 6, 0), chronon_fraction(chronon_part(x, @MOMENT, 7))))
    - chronon_zone_minutes(x) * 60000000 * CASE WHEN left(chronon_part(x, @MOMENT, 8), 1) = '-' THEN -1 ELSE 1 END) END

text_timestamp(x) = chronon_text_moment_of(trim(x, @WHITE))

hours(h, half) = CASE WHEN half = '' THEN h WHEN h BETWEEN 1 AND 12
    THEN h % 12 + CASE WHEN half = 'PM' THEN 12 ELSE 0 END END

read(x, shape, y, mo, d, h, mi, s, f, half) = CASE WHEN regexp_matches(x, shape) THEN chronon_moment(
    chronon_part_number(x, shape, y, 1970), chronon_part_number(x, shape, mo, 1), chronon_part_number(x, shape, d, 1),
    chronon_hours(chronon_part_number(x, shape, h, 0), chronon_part(x, shape, half)),
    chronon_part_number(x, shape, mi, 0), chronon_part_number(x, shape, s, 0),
    chronon_fraction(chronon_part(x, shape, f))) END
"""

_CONTAINERS = """
item(x, i) = CASE WHEN i >= 0 THEN x[i + 1] END

element(x, i) = CASE WHEN i <> 0 THEN x[i] END

contains!(x, v) = CASE WHEN list_contains(x, v) THEN true WHEN len(x) > list_count(x) THEN NULL ELSE false END

distinct(x) = list_transform(list_filter(x, lambda each, nth: list_position(x, each) = nth OR (each IS NULL
    AND NOT list_contains(list_transform(x[1:nth - 1], lambda e: e IS NULL), true))), lambda e: e)

slice(x, start, n) = CASE WHEN n = 0 OR start > len(x) OR len(x) + CAST(start AS BIGINT) < 0 THEN x[1:0]
    WHEN start > 0 THEN x[start : CAST(start AS BIGINT) + n - 1]
    ELSE x[len(x) + start + 1 : len(x) + CAST(start AS BIGINT) + n] END

flatten(x) = CASE WHEN len(x) = list_count(x) THEN flatten(x) END

any!(x) = CASE WHEN list_contains(x, true) THEN true WHEN len(x) > list_count(x) THEN NULL ELSE false END

all!(x) = CASE WHEN list_contains(x, false) THEN false WHEN len(x) > list_count(x) THEN NULL ELSE true END

document(x) = CASE WHEN json_valid(x) AND NOT regexp_matches(regexp_replace(x, @STRINGS, '0', 'g'), @LENIENT)
    THEN CAST(x AS JSON) END

json_double(x) = CASE WHEN isinf(x) THEN '"' || chronon_float_text(x) || '"' ELSE chronon_float_text(x) END

json_text(x) = CASE WHEN json_type(x) = 'DOUBLE' AND regexp_matches(CAST(x AS VARCHAR), '[.eE]')
    THEN chronon_json_double(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) ELSE x ->> '$' END
"""

_HEAD = re.compile(r"(\w+)(!?)\((.*?)\) = (.*)", re.DOTALL)


def _integers() -> Iterator[str]:
    for name, bits, kind in (("byte", 8, "TINYINT"), ("short", 16, "SMALLINT"), ("int", 32, "INTEGER")):
        yield f"{name}(x) = CAST(xor(x & {2**bits - 1}, {2 ** (bits - 1)}) - {2 ** (bits - 1)} AS {kind})"
    mask, half = f"CAST('{2**64 - 1}' AS HUGEINT)", f"CAST('{2**63}' AS HUGEINT)"
    yield f"long(x) = CAST(xor(x & {mask}, {half}) - {half} AS BIGINT)"


def _blocks() -> Iterator[str]:
    yield from _integers()
    for part in (_NUMBERS, _TEXTS, _TIMES):
        yield from part.strip().split("\n\n")
    for name, kind in (("byte", "TINYINT"), ("short", "SMALLINT"), ("int", "INTEGER"), ("long", "BIGINT")):
        yield from _INTEGER.replace("NAME", name).replace("KIND", kind).strip().split("\n\n")
    yield from _CONTAINERS.strip().split("\n\n")


def _definition(block: str) -> tuple[str, tuple[list[str], str]]:
    found = _HEAD.fullmatch(block)
    if found is None:
        raise ValueError(block)
    name, strict, names, body = found.groups()
    if strict:
        checks = " AND ".join(f"{each} IS NOT NULL" for each in names.split(", "))
        body = f"CASE WHEN {checks} THEN {body} END"
    body = body.replace("@CAPITALS", _capitals())
    for constant, value in _CONSTANTS.items():
        body = re.sub(rf"@{constant}\b", lambda _, value=value: text(value), body)
    return f"chronon_{name}", (names.split(", "), f"({body})")


def _capitals() -> str:
    """A map from each character that grows to its capitals."""
    return f"MAP([{', '.join(map(text, _GROWING))}], [{', '.join(text(char.upper()) for char in _GROWING)}])"


DEFINITIONS: dict[str, tuple[list[str], str]] = dict(map(_definition, _blocks()))
"""Names of macros, their arguments and bodies."""

MACROS = tuple(
    f"CREATE OR REPLACE MACRO {name}({', '.join(names)}) AS {body}" for name, (names, body) in DEFINITIONS.items()
)
