"""Read Bicep without its compiler, by the grammar that editors use (tree-sitter-bicep)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_bicep.language()))


@dataclass(frozen=True)
class Resource:
    """A resource: its type, its API version and its body."""

    type: str
    version: str
    body: dict[str, Any]


class Bicep:
    """A Bicep file."""

    def __init__(self, text: str) -> None:
        self.root = PARSER.parse(text.encode()).root_node

    @property
    def syntax_errors(self) -> list[str]:
        """The places that the grammar does not know."""
        return [f"{n.start_point.row + 1}: {source(n)}" for n in nodes(self.root) if n.is_error or n.is_missing]

    @property
    def parameters(self) -> dict[str, Any]:
        """The default of each parameter, None where a value must be given."""
        return {
            name: value(node.named_children[2]) if len(node.named_children) > 2 else None
            for name, node in self._declared("parameter_declaration")
        }

    @property
    def resources(self) -> dict[str, Resource]:
        """The resources, by the names that stand for them in the file."""
        return {name: resource(node) for name, node in self._declared("resource_declaration")}

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs."""
        return {name: value(node.named_children[-1]) for name, node in self._declared("output_declaration")}

    @property
    def undeclared(self) -> set[str]:
        """Names that are used without being declared."""
        declared = {
            name for kind in ("parameter", "variable", "resource") for name, _ in self._declared(f"{kind}_declaration")
        }
        return {source(node) for node in nodes(self.root) if is_use(node)} - declared

    def _declared(self, kind: str) -> Iterator[tuple[str, Node]]:
        return ((source(node.named_children[0]), node) for node in self.root.named_children if node.type == kind)


def nodes(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in node.children:
        yield from nodes(child)


def source(node: Node) -> str:
    """Return the text of a node."""
    assert node.text is not None
    return node.text.decode()


def is_use(node: Node) -> bool:
    """Return whether a node is a name that stands for something declared, not a key, a function or a declared name."""
    parent = node.parent
    if node.type != "identifier" or parent is None:
        return False
    names_something = parent.type in ("object_property", "call_expression") or parent.type.endswith("_declaration")
    return not (names_something and parent.named_children[0] == node)


def resource(node: Node) -> Resource:
    """Return a resource by its declaration."""
    _, kind, body = node.named_children
    type_, _, version = value(kind).partition("@")
    return Resource(type_, version, value(body))


def value(node: Node) -> Any:
    """Return objects, arrays, strings, numbers and booleans as Python has them, other expressions as written."""
    if node.type == "object":
        pairs = (child.named_children for child in node.named_children if child.type == "object_property")
        return {source(key).strip("'"): value(content) for key, content in pairs}
    if node.type == "array":
        return [value(child) for child in node.named_children if child.type != "comment"]
    if node.type == "string":
        return source(node).strip("'")
    if node.type == "number":
        return int(source(node))
    if node.type == "boolean":
        return source(node) == "true"
    return source(node)
