"""Helpers without a word of the field in them, which repos and their tests import from the original's ``utils``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any, cast

from chronon.base.errors import ConfigError


def edit_distance(str1: str, str2: str) -> int:
    """How many letters must be inserted, dropped or replaced to make one text of the other.

    >>> edit_distance("kitten", "sitting")
    3
    """
    row = list(range(len(str2) + 1))
    for i, left in enumerate(str1, 1):
        before, row = row, [i]
        for j, right in enumerate(str2, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (left != right)))
    return row[-1]


def check_contains_single(
    candidate: Any, valid_items: Iterable[Any], type_name: str, name: str, print_function: Callable[[Any], str] = repr
) -> None:
    """Raise a ``ConfigError`` unless a candidate is among the valid items; where there are none, anything is."""
    valid = list(valid_items)
    if not valid or candidate in valid:
        return
    nearest = sorted(valid, key=lambda item: edit_distance(str(candidate), str(item)))
    raise ConfigError(
        f"{print_function(candidate)}, is not a valid {type_name} for {name}",
        expected=f"one of {', '.join(print_function(item) for item in nearest)}",
    )


def check_contains(candidates: Any, *args: Any) -> None:
    """Check one candidate, or each of several; see ``check_contains_single``."""
    several = [candidates] if isinstance(candidates, str) else list(candidates)
    for candidate in several:
        check_contains_single(candidate, *args)


class JsonDiffer:
    """The lines in which two JSON objects differ."""

    def diff(self, new_json_str: str, old_json_str: str, skipped_keys: Iterable[str] = ()) -> str:
        """The lines that only the old object has, then those that only the new one has; nothing if there are none.

        >>> print(JsonDiffer().diff('{"a": 1, "b": 2}', '{"a": 1, "b": 3}').strip())
        3c3
        <   "b": 3
        ---
        >   "b": 2
        """
        left_out = set(skipped_keys)
        new, old = ([*_lines(text, left_out)] for text in (new_json_str, old_json_str))
        said: list[str] = []
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            kind = {"replace": "c", "delete": "d", "insert": "a"}[tag]
            said.append(f"{_numbers(i1, i2)}{kind}{_numbers(j1, j2)}")
            said += [f"< {line}" for line in old[i1:i2]]
            said += ["---"] if tag == "replace" else []
            said += [f"> {line}" for line in new[j1:j2]]
        return "".join(f"{line}\n" for line in said)

    def clean(self) -> None:
        """Nothing is left behind."""


def _lines(text: str, left_out: set[str]) -> list[str]:
    kept = {key: value for key, value in json.loads(text).items() if key not in left_out}
    return json.dumps(kept, sort_keys=True, indent=2).splitlines()


def _numbers(start: int, end: int) -> str:
    if start == end:
        return f"{start}"
    return f"{end}" if end == start + 1 else f"{start + 1},{end}"


class DotDict(dict[str, Any]):
    """A dict whose keys are attributes too; one that is missing is ``None``."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]


def convert_json_to_obj(d: Any) -> Any:
    """Loaded JSON with objects whose keys are attributes.

    >>> convert_json_to_obj({"metaData": {"name": "shop.v1"}, "joinParts": [{}]}).metaData.name
    'shop.v1'
    """
    if isinstance(d, dict):
        return DotDict({key: convert_json_to_obj(value) for key, value in cast(dict[str, Any], d).items()})
    if isinstance(d, list):
        return [convert_json_to_obj(item) for item in cast(list[Any], d)]
    return d


def dict_to_bash_commands(d: Mapping[str, Any] | None) -> str:
    """Flags of a command line; a value that is ``None`` or empty makes a bare flag.

    >>> dict_to_bash_commands({"step_days": 30, "use_cached_left": None})
    '--step-days=30 --use-cached-left'
    """
    named = ((f"--{key.replace('_', '-')}", value) for key, value in (d or {}).items())
    return " ".join(f"{flag}={value}" if value else flag for flag, value in named)


def dict_to_exports(d: Mapping[str, Any] | None) -> str:
    """Statements of a shell that export variables.

    >>> dict_to_exports({"executor_memory": "4G"})
    'export EXECUTOR_MEMORY=4G'
    """
    return " && ".join(f"export {key.upper()}={value}" for key, value in (d or {}).items())


def get_config_path(join_name: str) -> str:
    """The compiled file of a join.

    >>> get_config_path("shop.training_set.v1")
    'production/joins/shop/training_set.v1'
    """
    team, dot, rest = join_name.partition(".")
    if not dot:
        raise ConfigError(f"Invalid join name: {join_name}", expected="team.file.variable")
    return f"production/joins/{team}/{rest}"
