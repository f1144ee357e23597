"""What a PLC sees of one line, named after OPC 40100-1 (machine vision): state, results, recipes."""

from dataclasses import dataclass
from enum import StrEnum

from asyncua import Node, Server, ua

from schemas.report import Report

NAMESPACE = "urn:patchline:machine-vision"
Value = bool | str | float


class State(StrEnum):
    """Of the vision state machine, those of OPC 40100-1 that a line can be in."""

    READY = "Ready"
    EXECUTING = "SingleExecution"
    ERROR = "Error"


# Name, value before the first result. What stands here is read-only to the PLC.
_RESULT: tuple[tuple[str, Value], ...] = (
    ("ResultId", ""),
    ("IsGood", False),
    ("Verdict", ""),
    ("Late", False),
    ("Missing", False),
    ("PartId", ""),
    ("FrameId", ""),
    ("Score", 0.0),
    ("Recipe", ""),
)


@dataclass(frozen=True, slots=True)
class LineNodes:
    """The variables of a line."""

    state: Node
    ready: Node
    trigger: Node
    result_ready: Node
    acknowledged: Node
    result: dict[str, Node]
    recipe: Node
    select: Node
    selection: Node

    async def show(self, report: Report) -> None:
        """Write the report's values; ``ResultReady`` is the caller's, and comes after."""
        for name, value in _values(report).items():
            await self.result[name].write_value(value)
        if report.model is not None:
            await self.recipe.write_value(str(report.model))


async def add_line(server: Server, space: int, line: str) -> LineNodes:
    """Make the line's nodes: ``Objects/Patchline/LINE/...``, with ids ``LINE.NAME``."""
    folder = await server.nodes.objects.get_child([f"{space}:Patchline"])
    root = await folder.add_object(ua.NodeId(line, space), f"{space}:{line}")
    results = await root.add_object(ua.NodeId(f"{line}.ResultManagement", space), f"{space}:ResultManagement")
    recipes = await root.add_object(ua.NodeId(f"{line}.RecipeManagement", space), f"{space}:RecipeManagement")

    async def variable(parent: Node, name: str, value: Value, *, writable: bool = False) -> Node:
        node = await parent.add_variable(ua.NodeId(f"{line}.{name}", space), f"{space}:{name}", value)
        if writable:
            await node.set_writable()
        return node

    return LineNodes(
        state=await variable(root, "VisionState", State.READY.value),
        ready=await variable(root, "Ready", True),
        trigger=await variable(root, "Trigger", False, writable=True),
        result_ready=await variable(results, "ResultReady", False),
        acknowledged=await variable(results, "Acknowledged", False, writable=True),
        result={name: await variable(results, name, value) for name, value in _RESULT},
        recipe=await variable(recipes, "ActiveRecipe", ""),
        select=await variable(recipes, "SelectRecipe", "", writable=True),
        selection=await variable(recipes, "SelectionState", ""),
    )


def _values(report: Report) -> dict[str, Value]:
    return {
        "ResultId": str(report.report_id),
        "IsGood": report.good,
        "Verdict": report.kind.value if report.verdict is None else report.verdict.value,
        "Late": report.late,
        "Missing": report.kind.value == "missing",
        "PartId": report.part_id or "",
        "FrameId": str(report.frame_id or ""),
        "Score": float(report.score or 0.0),
        "Recipe": str(report.model or ""),
    }
