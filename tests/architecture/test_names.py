"""Names say what they are: no function, class, attribute or variable has a vague word for a name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support import source

VAGUE = frozenset(
    "told said tell tells say says kept keep keeps stands standing beside taken take takes met held made"
    " seen look looks asked shown put settle settled of one comings loose anew news side doing whom"
    " found wanted".split()
)
"""Participles and prepositions: of what, by whom, to whom?"""
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def test_no_function_class_or_attribute_has_a_vague_name():
    assert {*_vague(_declared, "salsa_ext", "api", "importers")} == set()


def test_no_variable_has_a_vague_name():
    assert {*_vague(_variables, "salsa_ext", "api", "importers")} == set()


def _vague(names, *folders: str) -> Iterator[tuple[str, str]]:
    for path in source.files(*folders):
        for name in names(ast.parse(path.read_text())):
            if name.strip("_").lower() in VAGUE:
                yield str(Path(path).relative_to(source.ROOT)), name


def _declared(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield node.name
            for each in node.body:
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                    yield each.target.id


def _variables(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, FUNCTION):
            arguments = node.args
            yield from (
                each.arg
                for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            )
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
