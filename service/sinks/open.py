"""From a sink's settings to the sink."""

from collections.abc import Sequence

from service.settings import SettingsError
from service.sinks.base import Sink
from service.sinks.config import AnySink, CsvConfig, MqttConfig, WebhookConfig


def open_sink(name: str, config: AnySink, allowed_hosts: Sequence[str] = ()) -> Sink:
    """The sink, not yet opened. Raises ``SettingsError`` for what cannot be used, or a library that is not
    installed. Blocks for the files that it names."""
    if isinstance(config, WebhookConfig):
        from service.sinks.webhook import WebhookSink

        return WebhookSink(config, allowed_hosts)
    if isinstance(config, CsvConfig):
        from service.sinks.csv_file import CsvSink

        return CsvSink(config)
    try:
        if isinstance(config, MqttConfig):
            from service.sinks.mqtt import MqttSink

            return MqttSink(name, config)
        from service.sinks.opcua import OpcUaSink

        return OpcUaSink(name, config)
    except ImportError as error:
        raise SettingsError(
            f"a sink of kind {config.kind} needs {error.name}: install `patchline[sinks]`"
        ) from error
