"""The stub of ``chronon.api.structs``: each struct with the arguments that it takes in both spellings.

``python -m chronon.testing.stubs`` writes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import click

from chronon.api import structs

HEAD = '''\
"""Made by ``python -m chronon.testing.stubs`` of ``structs.py``, for editors and type checkers."""

from typing import Any, ClassVar, TypeVar, overload

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


def text() -> str:
    """The stub."""
    several = [cls for cls in structs.Struct.__subclasses__() if cls.__module__ == structs.__name__]
    return HEAD + "".join(f"\n{_class(cls)}" for cls in several)


def _class(cls: type[structs.Struct]) -> str:
    lines = [f"class {cls.__name__}(Struct):", f'    """{inspect.getdoc(cls)}"""', ""]
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
    """Write the stub beside the module."""
    file = Path(structs.__file__).with_suffix(".pyi")
    file.write_text(text(), encoding="utf-8")
    click.echo(f"wrote {file}")


if __name__ == "__main__":
    main()
