"""How a Kafka broker knows us, and we it: TLS, and SASL with a password that is a file."""

import ssl
from pathlib import Path
from typing import Any

from service.settings import KafkaSettings, SettingsError


def security_options(settings: KafkaSettings) -> dict[str, Any]:
    """The library's options. Raises ``SettingsError`` for a file that cannot be used, or settings that
    contradict each other. Blocks for the files."""
    options: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = tls_context(settings)
    elif _any_file(settings):
        raise SettingsError(
            "PATCHLINE_KAFKA__CA_FILE and client certificates are for TLS: set "
            "PATCHLINE_KAFKA__SECURITY_PROTOCOL to SSL or SASL_SSL, or unset them"
        )
    if settings.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        options.update(_sasl(settings))
    return options


def tls_context(settings: KafkaSettings) -> ssl.SSLContext:
    """Whom to trust and who we are; the broker's name is always checked."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file and str(settings.ca_file))
    except (OSError, ValueError) as error:
        raise _unusable("CA_FILE", settings.ca_file) from error
    if settings.client_cert_file is not None:
        try:
            context.load_cert_chain(settings.client_cert_file, settings.client_key_file)
        except (OSError, ValueError) as error:
            raise _unusable("CLIENT_CERT_FILE", settings.client_cert_file) from error
    return context


def _sasl(settings: KafkaSettings) -> dict[str, Any]:
    if settings.sasl_mechanism == "PLAIN" and settings.security_protocol != "SASL_SSL":
        raise SettingsError(
            "PATCHLINE_KAFKA__SASL_MECHANISM=PLAIN would send the password in the clear: use SASL_SSL, or a "
            "SCRAM mechanism"
        )
    if settings.sasl_user is None or settings.sasl_password_file is None:
        raise SettingsError(
            "SASL needs PATCHLINE_KAFKA__SASL_USER and PATCHLINE_KAFKA__SASL_PASSWORD_FILE: set both"
        )
    try:
        password = settings.sasl_password_file.read_text().strip()
    except (OSError, ValueError) as error:
        raise _unusable("SASL_PASSWORD_FILE", settings.sasl_password_file) from error
    return {
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_user,
        "sasl_plain_password": password,
    }


def _any_file(settings: KafkaSettings) -> bool:
    return any((settings.ca_file, settings.client_cert_file, settings.client_key_file))


def _unusable(name: str, path: Path | None) -> SettingsError:
    return SettingsError(f"PATCHLINE_KAFKA__{name} {path} cannot be used: name a readable PEM or text file")
