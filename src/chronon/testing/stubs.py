"""The stubs of ``chronon.api``: each struct with the arguments that it takes in both spellings, and its verbs.

``python -m chronon.testing.stubs`` writes them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import click

from chronon.api import structs, verbs

HEAD = '''\
"""Made by ``python -m chronon.testing.stubs`` of ``structs.py``, for editors and type checkers."""

from typing import Any, ClassVar, TypeVar, overload

from chronon.api.verbs import SourceVerbs, TableVerbs, Verbs

T = TypeVar("T")

def struct(cls: type[T]) -> type[T]: ...
def snake(name: str) -> str: ...
def field_names(cls: type[Any]) -> tuple[str, ...]: ...

class Struct:
    __hash__: ClassVar[None]  # type: ignore[assignment]
    thrift_spec: ClassVar[tuple[Any, ...]]
    def write(self, oprot: Any) -> None: ...
    def read(self, iprot: Any) -> None: ...
    def validate(self) -> None: ...
'''


VERBS = '''\
"""Made by ``python -m chronon.testing.stubs`` of ``verbs.py`` and ``session.py``."""

from collections.abc import Mapping, Sequence
from typing import Any

from chronon.offline import Backfill, Progress
from chronon.offline.explanation import Explanation
from chronon.offline.features import Features
from chronon.offline.preview import Preview
from chronon.offline.result import Uploads
from chronon.offline.traced import Trace

class Verb:
    name: str
'''


_DEFINITION = re.compile(r"definition:\n    .*\n")
"""What the documentation of a verb says of the definition, which is ``self``."""


def verbs_text() -> str:
    """The stub of the verbs: the functions of a session as methods."""
    return VERBS + "".join(
        f"\n{_verbs(cls)}" for cls in (verbs.Displayed, verbs.SourceVerbs, verbs.TableVerbs, verbs.Verbs)
    )


def _verbs(cls: type) -> str:
    lines = [f"class {cls.__name__}{_bases(cls)}:", f'    """{inspect.getdoc(cls)}"""', ""]
    for name, value in vars(cls).items():
        if isinstance(value, verbs.Verb):
            lines += _method(name, getattr(cls, name))
        elif inspect.isfunction(value):
            lines.append(f"    def {name}{inspect.signature(value)}: ...".replace("'", ""))
    return "\n".join(lines) + "\n"


def _method(name: str, function: Any) -> Iterator[str]:
    signature = inspect.signature(function)
    given = [_parameter(one) for one in list(signature.parameters.values())[1:]]  # the first is the definition itself
    star = next((n for n, one in enumerate(signature.parameters.values()) if one.kind is one.KEYWORD_ONLY), None)
    if star is not None:
        given.insert(star - 1, "*")
    listed = ", ".join(["self", *given])
    lines = _DEFINITION.sub("", inspect.getdoc(function) or "").splitlines()
    yield f"    def {name}({listed}) -> {signature.return_annotation}:"
    if len(lines) == 1:
        yield f'        """{lines[0]}"""'
        return
    yield f'        """{lines[0]}'
    yield from (f"        {line}".rstrip() for line in lines[1:])
    yield '        """'


def _parameter(one: inspect.Parameter) -> str:
    stars = "**" if one.kind is one.VAR_KEYWORD else ""
    default = f" = {one.default!r}" if one.default is not one.empty else ""
    return f"{stars}{one.name}: {one.annotation}{default}"


def _bases(cls: type) -> str:
    named = [base.__name__ for base in cls.__bases__ if base is not object]
    return f"({', '.join(named)})" if named else ""


def text() -> str:
    """The stub of the structs."""
    several = [cls for cls in structs.Struct.__subclasses__() if cls.__module__ == structs.__name__]
    return HEAD + "".join(f"\n{_class(cls)}" for cls in several)


def _class(cls: type[structs.Struct]) -> str:
    lines = [f"class {cls.__name__}{_bases(cls)}:", f'    """{inspect.getdoc(cls)}"""', ""]
    declared = {field.name: str(field.type) for field in fields(cast(Any, cls))}
    lines += [f"    {name}: {kind}" for name, kind in declared.items()]
    snaked = {structs.snake(name): kind for name, kind in declared.items()}
    if snaked.keys() == declared.keys():
        lines += _init(declared)
    else:
        lines += ["    @overload", *_init(declared), "    @overload", *_init({"*": "", **snaked})]
    return "\n".join(lines) + "\n"


def _init(arguments: dict[str, str]) -> Iterator[str]:
    yield "    def __init__("
    yield "        self,"
    yield from (f"        {name}: {kind} = ...," if kind else f"        {name}," for name, kind in arguments.items())
    yield "    ) -> None: ..."


@click.command()
def main() -> None:
    """Write the stubs beside their modules."""
    for module, made in ((structs, text()), (verbs, verbs_text())):
        file = Path(str(module.__file__)).with_suffix(".pyi")
        file.write_text(made, encoding="utf-8")
        click.echo(f"wrote {file}")


if __name__ == "__main__":
    main()
