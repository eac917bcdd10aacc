"""What DuckDB lacks or does otherwise, as macros: created once per connection, named ``chronon_...``.

Each is a macro because the text of its argument may be long and is needed more than once.
"""

from __future__ import annotations

from chronon.sql.duckdb_types import text

_WHITE = text("".join(map(chr, range(1, 33))))
_CASED, _SMALL_SIGMA = r"[\p{Lu}\p{Ll}\p{Lt}]", "ς"
_IGNORED = r"[\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}'.:·’‧]"
_NOT_CASED = r"[^\p{Lu}\p{Ll}\p{Lt}\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}'.:·’‧]"
_SIGMA = f"({_CASED}{_IGNORED}*)\u03a3({_IGNORED}*(?:{_NOT_CASED}|$))"
_SIGMA_ENDS = rf"\1{_SMALL_SIGMA}\2"
_GROWING = "".join(
    chr(code)
    for first, last in (
        (0xDF, 0xDF), (0x149, 0x149), (0x1F0, 0x1F0), (0x390, 0x390), (0x3B0, 0x3B0), (0x587, 0x587),
        (0x1E96, 0x1E9A), (0x1F50, 0x1FFC), (0xFB00, 0xFB06), (0xFB13, 0xFB17),
    )
    for code in range(first, last + 1)
    if len(chr(code).upper()) > 1
)  # fmt: skip
"""Characters whose upper case is several characters, which DuckDB leaves as they are or changes to one."""

_MOMENT = (
    r"^([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T](?:([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{0,9}))?)?)?"
    r"(?: ?(?:Z|UTC|GMT|UT|(?:UTC|GMT|UT)?([+-][0-9]{1,2})(?::?([0-9]{2}))?))?)?)?)?)?$"
)
_DATE = r"^([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T](?:.|\n)*)?)?)?$"
_NUMBER = "[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?"
_WHOLE = "[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]*)"
_FLOAT_LIMIT = "3.4028235677973366e38"
"""From here on a double is nearer to infinity than to the largest float of 32 bits."""


def _strict(name: str, names: str, body: str) -> str:
    """A macro that is null if any argument is, whatever its conditions and ``greatest`` make of a null."""
    checks = " AND ".join(f"{each} IS NOT NULL" for each in names.split(", "))
    return f"chronon_{name}({names}) AS (CASE WHEN {checks} THEN {body} END)"


def _integers() -> list[str]:
    made: list[str] = []
    names = (("byte", 8, "TINYINT"), ("short", 16, "SMALLINT"), ("int", 32, "INTEGER"), ("long", 64, "BIGINT"))
    for name, bits, kind in names:
        mask, half = (f"CAST('{number}' AS HUGEINT)" for number in (2**bits - 1, 2 ** (bits - 1)))
        if bits < 64:  # noqa: PLR2004
            mask, half = str(2**bits - 1), str(2 ** (bits - 1))
        made.append(f"chronon_{name}(x) AS CAST(xor(x & {mask}, {half}) - {half} AS {kind})")
        made.append(
            f"chronon_text_{name}(x) AS (CASE WHEN regexp_full_match(trim(x, {_WHITE}), {text(_WHOLE)}) THEN"
            f" TRY_CAST(coalesce(nullif(nullif(nullif(regexp_extract(trim(x, {_WHITE}), '^[+-]?[0-9]*'), ''), '+'), '-'),"
            f" '0') AS {kind}) END)"
        )
    return made


_NUMBERS = [
    *_integers(),
    "chronon_cut_int(x) AS (CASE WHEN isnan(x) THEN 0 WHEN x >= 2147483647 THEN 2147483647"
    " WHEN x <= -2147483648 THEN CAST(-2147483648 AS INTEGER) ELSE CAST(trunc(x) AS INTEGER) END)",
    "chronon_cut_long(x) AS (CASE WHEN isnan(x) THEN CAST(0 AS BIGINT)"
    " WHEN x >= 9223372036854775807e0 THEN CAST(9223372036854775807 AS BIGINT)"
    " WHEN x <= -9223372036854775808e0 THEN CAST(-9223372036854775808 AS BIGINT) ELSE CAST(trunc(x) AS BIGINT) END)",
    f"chronon_float(x) AS (CASE WHEN isfinite(x) AND abs(x) >= {_FLOAT_LIMIT}"
    " THEN CAST(CASE WHEN x > 0 THEN 'inf' ELSE '-inf' END AS FLOAT)"
    " ELSE TRY_CAST(x AS FLOAT) END)",
    f"chronon_text_special(x) AS (CASE WHEN lower(x) IN ('inf', '+inf', 'infinity', '+infinity') THEN 'inf'"
    " WHEN lower(x) IN ('-inf', '-infinity') THEN '-inf' WHEN lower(x) = 'nan' THEN 'nan' END)",
    *(
        f"chronon_text_{name}(x) AS (CASE WHEN regexp_full_match(trim(x, {_WHITE}), {text(_NUMBER)})"
        f" THEN TRY_CAST(rtrim(trim(x, {_WHITE}), 'dDfF') AS {kind})"
        f" ELSE TRY_CAST(chronon_text_special(trim(x, {_WHITE})) AS {kind}) END)"
        for name, kind in (("double", "DOUBLE"), ("float", "FLOAT"))
    ),
    f"chronon_text_boolean(x) AS (CASE WHEN lower(trim(x, {_WHITE})) IN ('t', 'true', 'y', 'yes', '1') THEN true"
    f" WHEN lower(trim(x, {_WHITE})) IN ('f', 'false', 'n', 'no', '0') THEN false END)",
    # the shortest digits as DuckDB writes them, to d.dddE±n: sign, whole part, fraction, exponent
    "chronon_scientific_of(sign, whole, part, power) AS (CASE WHEN ltrim(whole, '0') = ''"
    " THEN sign || left(ltrim(part, '0'), 1) || '.'"
    " || coalesce(nullif(rtrim(substr(ltrim(part, '0'), 2), '0'), ''), '0')"
    " || 'E' || CAST(power - 1 - (length(part) - length(ltrim(part, '0'))) AS VARCHAR)"
    " ELSE sign || left(whole, 1) || '.' || coalesce(nullif(rtrim(substr(whole || part, 2), '0'), ''), '0')"
    " || 'E' || CAST(power + length(whole) - 1 AS VARCHAR) END)",
    "chronon_scientific(x) AS chronon_scientific_of(CASE WHEN left(x, 1) = '-' THEN '-' ELSE '' END,"
    " regexp_extract(x, '^-?([0-9]+)', 1), regexp_extract(x, '\\.([0-9]+)', 1),"
    " coalesce(TRY_CAST(regexp_extract(x, 'e([+-]?[0-9]+)$', 1) AS INTEGER), 0))",
    "chronon_float_text(x) AS (CASE WHEN isnan(x) THEN 'NaN' WHEN x = 0 OR (abs(x) >= 0.001e0 AND abs(x) < 1e7)"
    " THEN CAST(x AS VARCHAR) WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END"
    " ELSE chronon_scientific(CAST(x AS VARCHAR)) END)",
    "chronon_div(a, b) AS chronon_long(CAST(a AS HUGEINT) // nullif(CAST(b AS HUGEINT), 0))",
    "chronon_pmod(a, b) AS (CASE WHEN a % nullif(b, 0) < 0 THEN (a % nullif(b, 0) + b) % nullif(b, 0)"
    " ELSE a % nullif(b, 0) END)",
    "chronon_float_pmod(a, b) AS (CASE WHEN a % nullif(b, 0) < 0 THEN (a % nullif(b, 0) + b) % nullif(b, 0)"
    " ELSE a % nullif(b, 0) END)",
    "chronon_floor_div(a, b) AS (CASE WHEN a % b < 0 THEN a // b - 1 ELSE a // b END)",
    "chronon_round_integer(x, unit) AS sign(x) * ((abs(x) + unit // 2) // unit * unit)",
    "chronon_ln(x) AS (CASE WHEN x > 0 THEN ln(x) END)",
    "chronon_log10(x) AS (CASE WHEN x > 0 THEN log10(x) END)",
    "chronon_log(b, x) AS (CASE WHEN b > 0 AND x > 0 THEN ln(x) / ln(b) END)",
    _strict(
        "power",
        "a, b",
        "CASE WHEN isnan(b) OR (abs(a) = 1 AND isinf(b)) THEN CAST('nan' AS DOUBLE) ELSE pow(a, b) END",
    ),
    _strict("sign", "x", "CASE WHEN isnan(x) OR x = 0 THEN x WHEN x > 0 THEN 1e0 ELSE -1e0 END"),
    "chronon_one(x) AS (CASE WHEN x IS NOT NULL THEN 1 END)",
]
_TEXTS = [
    f"chronon_upper(x) AS (CASE WHEN regexp_matches(x, {text(f'[{_GROWING}]')}) THEN"
    " upper(array_to_string(list_transform(string_split(x, ''), lambda c: coalesce("
    f"MAP([{', '.join(map(text, _GROWING))}], [{', '.join(text(char.upper()) for char in _GROWING)}])[c], c)), ''))"
    " ELSE upper(x) END)",
    f"chronon_lower(x) AS lower(CASE WHEN regexp_matches(x, '[\u0130\u03a3]') THEN regexp_replace("
    f"replace(x, '\u0130', 'i\u0307'), {text(_SIGMA)},"
    f" {text(_SIGMA_ENDS)}, 'g') ELSE x END)",
    "chronon_first(x, start) AS (CASE WHEN start > 0 THEN CAST(start AS BIGINT) - 1 WHEN start < 0"
    " THEN length(x) + CAST(start AS BIGINT) ELSE 0 END)",
    _strict(
        "substr",
        "x, start, n",
        "substring(x, greatest(chronon_first(x, start), 0) + 1,"
        " least(greatest(chronon_first(x, start) + n - greatest(chronon_first(x, start), 0), 0), 2147483647))",
    ),
    _strict("right", "x, n", "right(x, greatest(n, 0))"),
    _strict("repeat", "x, n", "repeat(x, greatest(n, 0))"),
    *(
        _strict(
            name,
            "x, n, pad",
            "CASE WHEN n <= length(x) OR pad = '' THEN left(x, greatest(n, 0))"
            f" ELSE {name}(x, greatest(n, 0), CASE WHEN pad = '' THEN ' ' ELSE pad END) END",
        )
        for name in ("lpad", "rpad")
    ),
    "chronon_reverse(x) AS array_to_string(list_reverse(string_split(x, '')), '')",
    _strict(
        "locate",
        "part, x, start",
        "CAST(CASE WHEN start <= 0 OR start > length(x) + 1 THEN 0 WHEN instr(substring(x, start), part) = 0 THEN 0"
        " ELSE instr(substring(x, start), part) + start - 1 END AS INTEGER)",
    ),
    "chronon_join(x, separator) AS (CASE WHEN x IS NOT NULL AND separator IS NOT NULL THEN"
    " coalesce(substr(array_to_string(list_transform(list_filter(x, lambda e: e IS NOT NULL), lambda e: separator || e),"
    " ''), length(separator) + 1), '') END)",
    _strict(
        "substring_index",
        "x, d, n",
        "CASE WHEN d = '' OR n = 0 THEN '' WHEN n > 0 THEN chronon_join(string_split(x, d)[1:n], d) ELSE"
        " chronon_join(string_split(x, d)[greatest(len(string_split(x, d)) + CAST(n AS BIGINT), 0) + 1:], d) END",
    ),
]
_TIMES = [
    "chronon_micros(x) AS (CASE WHEN x BETWEEN CAST(-62135596800000000 AS BIGINT) AND CAST(253402300799999999 AS BIGINT)"
    " THEN make_timestamp(CAST(x AS BIGINT)) END)",
    "chronon_seconds(x) AS chronon_micros(CAST(x AS HUGEINT) * 1000000)",
    "chronon_float_seconds(x) AS (CASE WHEN abs(x * 1e6) < 9e17 THEN chronon_micros(CAST(trunc(x * 1e6) AS BIGINT)) END)",
    "chronon_unix(x) AS chronon_floor_div(epoch_us(x), 1000000)",
    "chronon_date(x) AS (CASE WHEN x BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN x END)",
    "chronon_date_add(d, n) AS chronon_date(CASE WHEN n BETWEEN -4000000 AND 4000000 THEN d + CAST(n AS INTEGER) END)",
    "chronon_month_start(d, n) AS (year(d) * 12 + month(d) - 1 + CAST(n AS BIGINT))",
    "chronon_add_months(d, n) AS (CASE WHEN chronon_month_start(d, n) BETWEEN 12 AND 119999 THEN"
    " CAST(d + to_months(CAST(n AS INTEGER)) AS DATE) END)",
    "chronon_shift_months(m, n) AS (CASE WHEN chronon_month_start(m, n) BETWEEN 12 AND 119999 THEN"
    " m + to_months(CAST(n AS INTEGER)) END)",
    "chronon_make_date(y, m, d) AS (CASE WHEN y BETWEEN 1 AND 9999 AND m BETWEEN 1 AND 12 AND d BETWEEN 1 AND 31"
    " THEN TRY(make_date(CAST(y AS BIGINT), CAST(m AS BIGINT), CAST(d AS BIGINT))) END)",
    "chronon_date_text(d) AS (lpad(CAST(year(d) AS VARCHAR), 4, '0') || strftime(d, '-%m-%d'))",
    "chronon_timestamp_text(m) AS (lpad(CAST(year(m) AS VARCHAR), 4, '0') || strftime(m, '-%m-%d %H:%M:%S') ||"
    " CASE WHEN microsecond(m) % 1000000 = 0 THEN '' ELSE rtrim(strftime(m, '.%f'), '0') END)",
    "chronon_part(x, shape, place) AS (CASE WHEN place > 0 THEN regexp_extract(x, shape, place) ELSE '' END)",
    "chronon_part_number(x, shape, place, fallback) AS coalesce(TRY_CAST(chronon_part(x, shape, place) AS BIGINT), fallback)",
    "chronon_moment(y, mo, d, h, mi, s, us) AS (CASE WHEN y BETWEEN 1 AND 9999 AND mo BETWEEN 1 AND 12"
    " AND d BETWEEN 1 AND 31 AND h BETWEEN 0 AND 23 AND mi BETWEEN 0 AND 59 AND s BETWEEN 0 AND 59 THEN"
    " TRY(make_timestamp(y, mo, d, h, mi, CAST(s AS DOUBLE))) + to_microseconds(us) END)",
    "chronon_fraction(x) AS coalesce(TRY_CAST(rpad(left(x, 6), 6, '0') AS BIGINT), 0)",
    f"chronon_text_date_of(x) AS (CASE WHEN regexp_matches(x, {text(_DATE)}) THEN"
    f" chronon_make_date(chronon_part_number(x, {text(_DATE)}, 1, 0), chronon_part_number(x, {text(_DATE)}, 2, 1),"
    f" chronon_part_number(x, {text(_DATE)}, 3, 1)) END)",
    f"chronon_text_date(x) AS chronon_text_date_of(trim(x, {_WHITE}))",
    f"chronon_zone_minutes(x) AS (abs(chronon_part_number(x, {text(_MOMENT)}, 8, 0)) * 60"
    f" + chronon_part_number(x, {text(_MOMENT)}, 9, 0))",
    f"chronon_text_moment_of(x) AS (CASE WHEN regexp_matches(x, {text(_MOMENT)}) AND chronon_zone_minutes(x) <= 1080"
    f" AND chronon_part_number(x, {text(_MOMENT)}, 9, 0) <= 59 THEN chronon_micros(epoch_us(chronon_moment("
    + ", ".join(
        f"chronon_part_number(x, {text(_MOMENT)}, {place}, {fallback})"
        for place, fallback in ((1, 0), (2, 1), (3, 1), (4, 0), (5, 0), (6, 0))
    )
    + f", chronon_fraction(chronon_part(x, {text(_MOMENT)}, 7)))) - chronon_zone_minutes(x) * 60000000"
    f" * CASE WHEN left(chronon_part(x, {text(_MOMENT)}, 8), 1) = '-' THEN -1 ELSE 1 END) END)",
    f"chronon_text_timestamp(x) AS chronon_text_moment_of(trim(x, {_WHITE}))",
    "chronon_hours(h, half) AS (CASE WHEN half = '' THEN h WHEN h BETWEEN 1 AND 12"
    " THEN h % 12 + CASE WHEN half = 'PM' THEN 12 ELSE 0 END END)",
    "chronon_read(x, shape, y, mo, d, h, mi, s, f, half) AS (CASE WHEN regexp_matches(x, shape) THEN chronon_moment("
    "chronon_part_number(x, shape, y, 1970), chronon_part_number(x, shape, mo, 1), chronon_part_number(x, shape, d, 1),"
    " chronon_hours(chronon_part_number(x, shape, h, 0), chronon_part(x, shape, half)),"
    " chronon_part_number(x, shape, mi, 0), chronon_part_number(x, shape, s, 0),"
    " chronon_fraction(chronon_part(x, shape, f))) END)",
]
_STRINGS_OUT = text(r'"(?:[^"\\]|\\.)*"')
_LENIENT = text(r",\s*[\]}]|[nN][aA]|[iI]|[TFNEUL][A-Z]")
_CONTAINERS = [
    "chronon_item(x, i) AS (CASE WHEN i >= 0 THEN x[i + 1] END)",
    "chronon_element(x, i) AS (CASE WHEN i <> 0 THEN x[i] END)",
    "chronon_contains(x, v) AS (CASE WHEN x IS NULL OR v IS NULL THEN NULL WHEN list_contains(x, v) THEN true"
    " WHEN len(x) > list_count(x) THEN NULL ELSE false END)",
    "chronon_distinct(x) AS list_transform(list_filter(x, lambda each, nth: list_position(x, each) = nth"
    " OR (each IS NULL AND NOT list_contains(list_transform(x[1:nth - 1], lambda e: e IS NULL), true))), lambda e: e)",
    "chronon_slice(x, start, n) AS (CASE WHEN n = 0 OR start > len(x) OR len(x) + CAST(start AS BIGINT) < 0 THEN x[1:0]"
    " WHEN start > 0 THEN x[start : CAST(start AS BIGINT) + n - 1]"
    " ELSE x[len(x) + start + 1 : len(x) + CAST(start AS BIGINT) + n] END)",
    "chronon_flatten(x) AS (CASE WHEN len(x) = list_count(x) THEN flatten(x) END)",
    "chronon_any(x) AS (CASE WHEN x IS NULL THEN NULL WHEN list_contains(x, true) THEN true"
    " WHEN len(x) > list_count(x) THEN NULL ELSE false END)",
    "chronon_all(x) AS (CASE WHEN x IS NULL THEN NULL WHEN list_contains(x, false) THEN false"
    " WHEN len(x) > list_count(x) THEN NULL ELSE true END)",
    f"chronon_document(x) AS (CASE WHEN json_valid(x) AND NOT regexp_matches("
    f"regexp_replace(x, {_STRINGS_OUT}, '', 'g'), {_LENIENT}) THEN CAST(x AS JSON) END)",
    "chronon_json_text(x) AS (CASE WHEN json_type(x) = 'DOUBLE'"
    " THEN chronon_float_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) ELSE x ->> '$' END)",
]
_QUERIES = [
    *(
        f"chronon_query_{name}(x) AS (CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT')"
        f" THEN chronon_{name}(chronon_cut_long(TRY_CAST(x AS DOUBLE)))"
        f" WHEN typeof(x) = 'VARCHAR' OR typeof(x) LIKE 'DECIMAL%' THEN chronon_text_{name}(CAST(x AS VARCHAR))"
        f" WHEN typeof(x) LIKE 'TIMESTAMP%' THEN chronon_{name}(chronon_unix(TRY_CAST(x AS TIMESTAMP)))"
        f" ELSE chronon_{name}(TRY_CAST(x AS HUGEINT)) END)"
        for name in ("byte", "short", "int", "long")
    ),
    "chronon_query_unix(x) AS (CASE WHEN typeof(x) = 'VARCHAR' THEN"
    " epoch_us(TRY(strptime(CAST(x AS VARCHAR), '%Y-%m-%d %H:%M:%S'))) // 1000000"
    " ELSE epoch_us(TRY_CAST(x AS TIMESTAMP)) // 1000000 END)",
    "chronon_query_dayofweek(x) AS CAST(dayofweek(TRY_CAST(x AS DATE)) + 1 AS INTEGER)",
]
MACROS = tuple(f"CREATE OR REPLACE MACRO {macro}" for macro in (*_NUMBERS, *_TEXTS, *_TIMES, *_CONTAINERS, *_QUERIES))
