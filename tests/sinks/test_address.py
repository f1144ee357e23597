"""Where nothing is sent to, whatever the sinks' file says."""

import pytest

from service.settings import SettingsError
from service.sinks.address import AddressRefused, check_resolved, check_url
from service.sinks.secrets import scrubbed, without_secrets


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://user:pw@mes.example/", ()),
        ("http://mes.example/", ()),
        ("http://10.0.0.7/", ()),
        ("https://elsewhere.example/", ("mes.example",)),
        ("https://", ()),
    ],
)
def test_an_address_that_is_not_allowed_is_refused_without_its_secrets(
    url: str, allowed: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError) as caught:
        check_url(url, allowed)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://mes.example/a?b=c", ()),
        ("https://mes.example/", ("mes.example",)),
        ("http://mes.example/", ("mes.example",)),
        ("http://127.0.0.1:8000/", ()),
        ("http://[::1]:8000/", ()),
        ("http://localhost/", ()),
    ],
)
def test_an_address_that_is_allowed_passes(url: str, allowed: tuple[str, ...]) -> None:
    check_url(url, allowed)


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254"])
def test_nothing_is_sent_to_metadata_services_and_to_everybody(host: str) -> None:
    with pytest.raises(AddressRefused, match="nothing is sent to"):
        check_resolved(host, 80)


def test_addresses_are_told_without_what_may_be_secret() -> None:
    assert without_secrets("rtsp://me:pw@cam.local:554/a?token=x#y") == "rtsp://cam.local:554/a"
    assert scrubbed("cannot open rtsp://me:pw@cam", "pw", None) == "cannot open rtsp://me:***@cam"
