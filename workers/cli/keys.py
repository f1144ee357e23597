"""``patchline keys``: the keys that sign banks and commands, made and listed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.settings import SigningSettings
    from service.signing.keys import PublicKey
    from service.signing.statement import KeyUse

_NEW = "Example: patchline keys new plant1 --for banks --dir keys"
_LIST = "Example: patchline keys list --dir keys"
Keys = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help="By default PATCHLINE_SIGNING__PUBLIC_KEYS.")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Keys that sign banks and commands: make and list them.")
    group.command(epilog=_NEW)(new)
    group.command("list", epilog=_LIST)(listed)
    app.add_typer(group, name="keys", epilog=_NEW)


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it, such as the host it is for.")],
    use: Annotated[
        Literal["banks", "commands", "retention"],
        typer.Option("--for", help="banks: the rebuilder and train; commands: the page; retention: itself."),
    ],
    folder: Keys = None,
    as_json: AsJson = False,
) -> None:
    """Make a pair of keys: NAME.USE.key is private, NAME.USE.pub is for everybody. Nothing is overwritten."""
    from service.signing.keys import PRIVATE, PUBLIC, new_key
    from service.signing.statement import KeyUse
    from workers.cli.installation import command_settings
    from workers.cli.screen import answers, note, print_json

    where = _folder(folder, command_settings().signing)
    made = new_key(where, name, KeyUse(use))
    private, public = (where / f"{name}.{use}.{ending}" for ending in (PRIVATE, PUBLIC))
    if as_json:
        print_json({**_row(made), "private": str(private), "public": str(public)})
        return
    answers().print(f"key {made.key_id}: {private}, {public}", markup=False, soft_wrap=True)
    note(
        f"Give every program {public.name} first. Then move {private.name} to the host that signs, name it "
        f"in PATCHLINE_SIGNING__{use.upper()}_KEY, and restart."
    )


def listed(folder: Keys = None, as_json: AsJson = False) -> None:
    """The public keys that are trusted, and for what; exits with 2 when one of them cannot be read."""
    from service.signing.keys import read_public_keys
    from workers.cli.installation import command_settings
    from workers.cli.screen import answers, print_json

    settings = command_settings().signing
    keys, mine = read_public_keys(_folder(folder, settings)), _mine(settings)
    rows = [{**_row(key), "signs_here": (key.use, key.key_id) in mine} for key in keys]
    if as_json:
        print_json({"keys": rows})
        return
    for row in rows:
        here = "  signs here" if row["signs_here"] else ""
        answers().print(f"{row['key_id']}  {row['use']:9}  {row['name']}{here}", markup=False)


def _folder(given: Path | None, settings: "SigningSettings") -> Path:
    folder = given or settings.public_keys
    if folder is None:
        raise typer.BadParameter(
            "no folder of keys is known: give --dir, or set PATCHLINE_SIGNING__PUBLIC_KEYS"
        )
    return folder


def _row(key: "PublicKey") -> dict[str, str]:
    return {"name": key.name, "use": key.use.value, "key_id": key.key_id}


def _mine(settings: "SigningSettings") -> "set[tuple[KeyUse, str]]":
    """The keys whose private half this environment names."""
    from service.signing.keys import key_id_of, read_private_key
    from service.signing.signatures import private_keys

    return {
        (use, key_id_of(read_private_key(path).public_key()))
        for use, path in private_keys(settings).items()
        if path is not None
    }
