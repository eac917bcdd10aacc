"""The typed tree as a Python function of one row.

The source of the function is written once, statement by statement: a sub-expression that occurs twice is computed
once, a branch that is not taken is not computed. There is no interpreter and no object per expression at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from chronon.sql import runtime
from chronon.sql.tree import Call, Column, Lambda, Literal, Node, Variable

Row = Mapping[str, Any]
_LONGEST_CHAIN = 8
"""From this many branches on a CASE becomes a loop that is left, which does not indent."""


class Source:
    """The source of one function while it is written."""

    def __init__(self, depth: int = 1) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {name: getattr(runtime, name) for name in runtime.NAMES}
        self.columns: dict[str, str] = {}
        self._known: list[dict[Node, str]] = [{}]
        self._depth = depth
        self._count = 0

    def constant(self, value: Any) -> str:
        """The name of an object in the function's namespace."""
        for name, known in self.names.items():
            if known is value or (type(known) is type(value) and isinstance(value, str | tuple) and known == value):
                return name
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def line(self, text: str) -> None:
        """One statement at the present depth."""
        self.lines.append(" " * self._depth + text)

    def fresh(self) -> str:
        """A new variable."""
        self._count += 1
        return f"v{self._count}"

    @contextmanager
    def block(self) -> Generator[None]:
        """An indented block; what is computed in it is not known after it."""
        self._known.append({})
        self._depth += 1
        yield
        self._depth -= 1
        self._known.pop()

    def atom(self, node: Node) -> str:
        """A name or constant that holds the node's value, computed by the lines written so far."""
        if isinstance(node, Literal):
            return self._literal(node)
        if isinstance(node, Column):
            return self.columns.setdefault(node.name, f"c{len(self.columns)}")
        if isinstance(node, Variable):
            return f"x_{node.name}"
        if isinstance(node, Lambda):
            raise TypeError(node)
        for known in reversed(self._known):
            if node in known:
                return known[node]
        name = self._compute(node)
        self._known[-1][node] = name
        return name

    def _literal(self, node: Literal) -> str:
        value = node.value
        if value is None or isinstance(value, bool | int | str):
            return repr(value) if not isinstance(value, int) or value >= 0 else f"({value!r})"
        if isinstance(value, float) and value - value == 0:
            return f"({value!r})"
        return self.constant(value)

    def _named(self, node: Node) -> str:
        """As ``atom``, but never a constant in the source: ``1 is None`` is a warning there."""
        return self.constant(node.value) if isinstance(node, Literal) and node.value is not None else self.atom(node)

    def _compute(self, node: Call) -> str:
        lazy = node.function.lazy
        if lazy is not None:
            return _LAZY[lazy](self, node)
        args = [self.atom(arg) if node.function.strict else self._named(arg) for arg in node.args]
        text = self.text(node).format(*args)
        if text in args:
            return text
        name = self.fresh()
        if node.function.strict:
            text = guarded(text, [arg for arg, of in zip(args, node.args, strict=True) if may_be_null(of)])
        self.line(f"{name} = {text}")
        return name

    def text(self, node: Call) -> str:
        """The Python form of a call."""
        form = node.function.python
        return form if isinstance(form, str) else form(node, self.constant)


def guarded(text: str, names: list[str]) -> str:
    """The text, or null where one of the names is."""
    checks = [f"{name} is None" for name in dict.fromkeys(names)]
    return f"None if {' or '.join(checks)} else {text}" if checks else text


def may_be_null(node: Node) -> bool:
    """Whether a null must be reckoned with."""
    if isinstance(node, Literal):
        return node.value is None
    if isinstance(node, Call):
        function = node.function
        if function.never_null:
            return False
        return function.nullable or not function.strict or any(map(may_be_null, node.args))
    return True


def _and(source: Source, node: Call) -> str:
    left = source.atom(node.args[0])
    name = source.fresh()
    source.line(f"if {left} is False: {name} = False")
    source.line("else:")
    with source.block():
        right = source.atom(node.args[1])
        source.line(f"{name} = {right} if {left} or {right} is False else None")
    return name


def _or(source: Source, node: Call) -> str:
    left = source.atom(node.args[0])
    name = source.fresh()
    source.line(f"if {left}: {name} = True")
    source.line("else:")
    with source.block():
        right = source.atom(node.args[1])
        source.line(f"{name} = {right} if {left} is False or {right} else None")
    return name


def _case(source: Source, node: Call) -> str:
    name = source.fresh()
    pairs = [(node.args[at], node.args[at + 1]) for at in range(0, len(node.args) - 1, 2)]
    if len(pairs) <= _LONGEST_CHAIN:
        _branch(source, name, pairs, node.args[-1])
        return name
    source.line("while True:")
    with source.block():
        for condition, result in pairs:
            source.line(f"if {source.atom(condition)}:")
            with source.block():
                source.line(f"{name} = {source.atom(result)}")
                source.line("break")
        source.line(f"{name} = {source.atom(node.args[-1])}")
        source.line("break")
    return name


def _branch(source: Source, name: str, pairs: list[tuple[Node, Node]], default: Node) -> None:
    if not pairs:
        source.line(f"{name} = {source.atom(default)}")
        return
    (condition, result), *rest = pairs
    source.line(f"if {source.atom(condition)}:")
    with source.block():
        source.line(f"{name} = {source.atom(result)}")
    source.line("else:")
    with source.block():
        _branch(source, name, rest, default)


def _coalesce(source: Source, node: Call) -> str:
    name = source.fresh()
    source.line(f"{name} = {source.atom(node.args[0])}")
    for arg in node.args[1:]:
        source.line(f"if {name} is None:")
        with source.block():
            source.line(f"{name} = {source.atom(arg)}")
    return name


def _each(source: Source, node: Call) -> str:
    values, function = source.atom(node.args[0]), node.args[1]
    if not isinstance(function, Lambda):
        raise TypeError(function)
    (variable,) = _variables(function)
    body, result = _body(source, function)
    if body:
        result = f"{_defined(source, function, body, result)}({variable})"
    name = source.fresh()
    text = source.text(node).replace("{x}", variable).replace("{0}", values).replace("{1}", result)
    source.line(f"{name} = {guarded(text, [values])}")
    return name


def _with_functions(source: Source, node: Call) -> str:
    """A call that is handed its lambdas as functions; a null among its other arguments is its own business."""
    args = [
        _defined(source, arg, *_body(source, arg)) if isinstance(arg, Lambda) else source.atom(arg) for arg in node.args
    ]
    name = source.fresh()
    source.line(f"{name} = {source.text(node).format(*args)}")
    return name


def _variables(function: Lambda) -> list[str]:
    return [f"x_{variable.name}" for variable in function.variables]


def _body(source: Source, function: Lambda) -> tuple[list[str], str]:
    """The statements of a lambda, and its result."""
    loop = Source(depth=0)
    loop.names, loop.columns = source.names, source.columns
    result = loop.atom(function.body)
    return loop.lines, result


def _defined(source: Source, function: Lambda, lines: list[str], result: str) -> str:
    """The name of a lambda, now a function."""
    name = source.fresh()
    source.line(f"def {name}({', '.join(_variables(function))}):")
    with source.block():
        for line in lines:
            source.line(line)
        source.line(f"return {result}")
    return name


_LAZY: dict[str, Callable[[Source, Call], str]] = {
    "and": _and,
    "or": _or,
    "case": _case,
    "coalesce": _coalesce,
    "each": _each,
    "functions": _with_functions,
}


def compile_outputs(nodes: Mapping[str, Node]) -> Callable[[Row], dict[str, Any]]:
    """One function that gives all outputs of a row, by name."""
    source = Source()
    outputs = {source.constant(name): source.atom(node) for name, node in nodes.items()}
    source.line(f"return {{{', '.join(f'{name}: {value}' for name, value in outputs.items())}}}")
    return _build(source)


def compile_condition(nodes: list[Node]) -> Callable[[Row], bool]:
    """One function that says whether all conditions are true of a row; later ones are not computed in vain."""
    source = Source()
    for node in nodes:
        source.line(f"if {source.atom(node)} is not True: return False")
    source.line("return True")
    return _build(source)


def compile_value(node: Node) -> Callable[[Row], Any]:
    """One function that gives one value of a row."""
    source = Source()
    source.line(f"return {source.atom(node)}")
    return _build(source)


def compile_arguments(node: Node, names: Sequence[str]) -> Callable[..., Any]:
    """One function of the values of some columns, in that order, that gives one value."""
    source = Source()
    result = source.atom(node)
    source.line(f"return {result}")
    arguments = [source.columns.get(name, f"unused{at}") for at, name in enumerate(names)]
    return _made(source, f"def evaluate({', '.join(arguments)}):")


def _build(source: Source) -> Any:
    loads = [f" {name} = get({source.constant(column)})" for column, name in source.columns.items()]
    get = [" get = row.get"] if loads else []
    return _made(source, "def evaluate(row):", *get, *loads)


def _made(source: Source, *head: str) -> Any:
    text = "\n".join([*head, *source.lines])
    namespace = dict(source.names)
    exec(compile(text, "<row expressions>", "exec"), namespace)  # noqa: S102 - written above from a checked tree
    made = namespace["evaluate"]
    made.__doc__ = text
    return made
