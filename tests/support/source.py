"""The project's own source as syntax trees, for tests of the house rules."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Function:
    """A function of a module's top level, public by its name."""

    module: str
    node: ast.FunctionDef

    def __str__(self) -> str:
        return f"{self.module}.{self.node.name}"

    @property
    def first(self) -> ast.stmt:
        """Return the first statement after the docstring."""
        body = self.node.body
        return body[1] if ast.get_docstring(self.node) and len(body) > 1 else body[0]

    @property
    def takes_actor(self) -> bool:
        """Return whether the actor is its first argument, or a keyword."""
        arguments = self.node.args
        first = [argument.arg for argument in arguments.args[:1]]
        return "actor" in first + [argument.arg for argument in arguments.kwonlyargs]

    @property
    def calls_first(self) -> str | None:
        """Return the name of what the first statement calls, where it is nothing but a call."""
        call = self.first.value if isinstance(self.first, ast.Expr) else None
        return ast.unparse(call.func) if isinstance(call, ast.Call) else None


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def functions(module: str) -> Iterator[Function]:
    """Yield the public functions of a module, named by its path in the domain."""
    path = (ROOT / module.replace(".", "/")).with_suffix(".py")
    if not path.exists():
        return
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield Function(module.removeprefix("salsa_ext."), node)


def calls(path: Path) -> Iterator[str]:
    """Yield the name of everything that a file calls, such as `db.session.commit`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
