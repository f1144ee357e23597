"""``patchline bench search``: the search that the settings choose, beside FAISS's flat one."""

from typing import Annotated, Any

import typer

from workers.cli.options import AsJson

EPILOG = "Example: patchline bench search --json"


def search(
    vectors: Annotated[int, typer.Option(min=100, help="Vectors of the bank.")] = 20_480,
    large: Annotated[int, typer.Option(min=0, help="Vectors of a second bank; 0 for none.")] = 100_000,
    judged: Annotated[int, typer.Option(min=1, max=300, help="Cells of each kind to judge.")] = 40,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Times that each search is timed.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Search pictures of real solar cells, 1,024 patches of 152 numbers each, one picture at a time: exactly,
    and as the settings say, in turn.

    Beside it eight pictures at once, a larger bank without a selection, and the recipe balanced, where every
    distance is exact.
    """
    from workers.cli.installation import command_settings
    from workers.cli.screen import answers, print_json
    from workers.cli.searching import Searching

    searching = Searching(judged, rounds, command_settings().engine.search)
    figures: dict[str, Any] = searching.plain(vectors).figures()
    if large:
        figures["large"] = searching.whole(large).figures()
    figures["balanced"] = searching.balanced().figures()
    if as_json:
        print_json(figures)
        return
    for name, found in (
        ("plain", figures),
        ("large", figures.get("large")),
        ("balanced", figures["balanced"]),
    ):
        if found is not None:
            answers().print(f"{name}: {_sentence(found)}")


def _sentence(figures: dict[str, Any]) -> str:
    return (
        f"{figures['ms']} ms beside {figures['exact_ms']}, {figures['speedup']} times faster; image scores "
        f"equal in {figures['image_scores_equal_share']:.1%}, patches in {figures['patches_equal_share']:.1%}"
    )
