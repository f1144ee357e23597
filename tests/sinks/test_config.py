"""The sinks' file: typed, and refused in a sentence that names the entry."""

from pathlib import Path

import pytest

from service.settings import SettingsError
from service.sinks.config import OpcUaConfig, read_sink
from service.sinks.open import open_sink


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sinks.mes]\nkind = 'webhook'", r"sinks\.mes.*url is refused: Field required"),
        ("[sinks.mes]\nkind = 'csv'\npath = 'a'\ncolour = 1", r"mes.*colour is refused"),
        ("[sinks.mes]\nkind = 'csv'\npath = 'a'\ncooldown_seconds = 5", "cooldown_seconds is for alerts"),
        (
            "[sinks.mes]\nkind = 'csv'\npath = 'a'\nsource = 'alerts'\n"
            "join = {line = 'a', views = ['b', 'c']}",
            "join is for verdicts",
        ),
        ("[sinks.mes]\nkind = 'fax'", r"sinks\.mes is refused"),
        ("[sinks.other]\nkind = 'csv'\npath = 'a'", r"has no sink 'mes': it has other"),
        ("[sinks.mes", "is no TOML"),
        ("[sinks.mes]\nkind = 'webhook'\nurl = 'http://x'\ntoken = 'hunter2'", "token is refused"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name_and_tells_no_value(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "sinks.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said) as caught:
        read_sink(path, "mes")
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PATCHLINE_SINKS__FILE"):
        read_sink(tmp_path / "none.toml", "mes")
    with pytest.raises(SettingsError, match="PATCHLINE_SINKS__FILE"):
        read_sink(None, "mes")


def test_an_opc_ua_server_that_anybody_may_enter_listens_on_this_machine_alone() -> None:
    config = OpcUaConfig(kind="opcua", lines=("line1",), endpoint="opc.tcp://0.0.0.0:4840/")
    with pytest.raises(SettingsError, match="open to other machines"):
        open_sink("plc", config)
