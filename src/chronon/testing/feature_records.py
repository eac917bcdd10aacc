"""Actual values written into a file of feature tests, for review; everything else in it stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chronon.testing.feature_files import FeatureFile, cases_of


def recorded(file: FeatureFile, actual: Sequence[Mapping[str, Any]]) -> str:
    """The text of a file with the ``actual`` values of its cases, in order; comments and layout elsewhere stay."""
    import yaml

    node: Any = yaml.compose(file.text, Loader=yaml.SafeLoader)
    text = file.text
    for case, values in reversed(list(zip(cases_of(node), actual, strict=True))):
        if values:
            text = _with_features(text, case, values)
    return text


def _with_features(text: str, case: Any, values: Mapping[str, Any]) -> str:
    keys = {key.value: (key, value) for key, value in case.value}
    indent = " " * next(iter(keys.values()))[0].start_mark.column
    if case.flow_style:
        written = "{" + ", ".join(_line(name, value) for name, value in values.items()) + "}"
        if "features" in keys:
            old = keys["features"][1]
            return text[: old.start_mark.index] + written + text[old.end_mark.index :]
        end = case.end_mark.index - 1  # its closing brace
        return f"{text[:end].rstrip()}, features: {written}{text[end:]}"
    lines = "".join(f"{indent}  {_line(name, value)}\n" for name, value in values.items())
    if "features" in keys:
        key, old = keys["features"]
        end = _end_of_line(text, old.end_mark.index)
        return f"{text[: key.start_mark.index]}features:\n{lines}{text[end:]}"
    last = max((value for _, value in keys.values()), key=lambda value: value.end_mark.index)
    end = _end_of_line(text, last.end_mark.index)
    return f"{text[:end].rstrip()}\n{indent}features:\n{lines}{text[end:]}"


def _end_of_line(text: str, at: int) -> int:
    """After the line on which a value ends; a block ends where the next thing begins, at the start of a line."""
    if at > 0 and (text[:at].endswith("\n") or not text[text.rfind("\n", 0, at) + 1 : at].strip(" -")):
        return text.rfind("\n", 0, at) + 1
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _line(name: str, value: Any) -> str:
    import yaml

    dumped = yaml.safe_dump({name: value}, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
    return dumped.strip()[1:-1]
