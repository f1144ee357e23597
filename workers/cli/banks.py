"""``patchline banks``: what is in force on each line, and how it came to be."""

import asyncio
from typing import TYPE_CHECKING, Any

import typer

from workers.cli import banks_diff, banks_history, banks_orders, banks_restore
from workers.cli.options import AsJson, Line

if TYPE_CHECKING:
    from service.banks.activation_log import Entry
    from service.banks.banks_log import BanksLog


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Which banks are in force, how they came to be, and undo.")
    group.command("list", epilog="Example: patchline banks list --json")(list_banks)
    group.command("show", epilog="Example: patchline banks show line1")(show_bank)
    for part in (banks_history, banks_diff, banks_orders, banks_restore):
        part.register(group)
    app.add_typer(group, name="banks", epilog="Example: patchline banks list")


def list_banks(as_json: AsJson = False) -> None:
    """The bank in force on each line."""
    from workers.cli.screen import note, print_json

    log = _log()
    entries = [log.activations.history(line)[-1] for line in sorted(log.activations.lines())]
    if as_json:
        print_json({"lines": [_facts(log, entry) for entry in entries]})
    elif entries:
        _print_table(log, entries, in_force=True)
    else:
        note("no line has a bank yet: `patchline train LINE --good DIR --publish` makes one")


def show_bank(line: Line, as_json: AsJson = False) -> None:
    """Every epoch of a line, the newest first, and what is in force now."""
    from workers.cli.failures import Refused
    from workers.cli.screen import answers, print_json

    log = _log()
    entries = log.activations.history(line)[::-1]
    if not entries:
        raise Refused(f"line {line} has no bank: `patchline banks list` names the lines that have one")
    if as_json:
        print_json(
            {"line": line, "in_force": _facts(log, entries[0]), "epochs": [_facts(log, e) for e in entries]}
        )
        return
    _print_table(log, list(entries), in_force=False)
    for sentence in _in_force(entries[0]):
        answers().print(sentence, markup=False)


def _log() -> "BanksLog":
    from service.banks.banks_log import read_banks_log
    from service.signing.signatures import open_trust
    from workers.cli.installation import command_settings, connected
    from workers.cli.progress import spinner

    settings = command_settings()
    trust = open_trust(settings.signing)

    async def read() -> "BanksLog":
        async with connected(settings) as broker:
            with spinner(f"Asking the broker {settings.kafka.bootstrap}"):
                return await read_banks_log(broker, settings.kafka.topic_prefix, trust)

    return asyncio.run(read())


def _facts(log: "BanksLog", entry: "Entry") -> dict[str, Any]:
    activation, published = entry.activation, log.published(entry)
    if activation is None:
        return {"line": entry.line, "epoch": entry.epoch, "problem": entry.problem}
    facts = activation.model_dump(mode="json", exclude={"kind", "schema_version"})
    return {
        **facts,
        "parts": published and published.parts,
        "vectors": published and published.vectors,
        "problem": None,
    }


def _print_table(log: "BanksLog", entries: "list[Entry]", *, in_force: bool) -> None:
    from rich.table import Table

    from workers.cli.screen import answers

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("line", "epoch", "model", "version", "parts", "vectors", "defect >", "since", "by", "why"):
        numeric = name in ("epoch", "parts", "vectors", "defect >")
        if in_force or name != "line":
            free = name in ("why", "by")
            table.add_column(name, justify="right" if numeric else "left", no_wrap=not free)
    for entry in entries:
        row = _row(log, entry)
        table.add_row(*(row if in_force else row[1:]))
    answers().print(table)


def _row(log: "BanksLog", entry: "Entry") -> list[str]:
    from workers.cli import words

    activation, published = entry.activation, log.published(entry)
    if activation is None:
        return [entry.line, str(entry.epoch), *["–"] * 7, entry.problem or ""]
    return [
        entry.line,
        str(entry.epoch),
        activation.model,
        words.version(activation.version),
        "–" if published is None else f"{published.parts:,}",
        "–" if published is None else f"{published.vectors:,}",
        words.score(activation.thresholds.defect_score),
        words.when(activation.activated_at),
        activation.actor,
        activation.why,
    ]


def _in_force(entry: "Entry") -> list[str]:
    from workers.cli import words

    if entry.activation is None:
        return [f"{entry.problem}"]
    thresholds = entry.activation.thresholds
    return [
        f"Version {entry.activation.version}",
        f"{words.verdict_rule(thresholds)} At most {100 * thresholds.alpha:.3g} % of good parts are called "
        f"defects; {100 * thresholds.wished_alpha:.3g} % was wished, and calibrated with "
        f"{words.many(thresholds.calibration_parts, 'part')}.",
    ]
