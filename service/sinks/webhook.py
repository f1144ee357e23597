"""Reports as HTTP POSTs of JSON, signed; redirects are not followed."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from schemas.report import Report
from service.sinks.address import AddressRefused, check_resolved, check_url
from service.sinks.base import ReportRefused, SinkUnavailable
from service.sinks.config import WebhookConfig
from service.sinks.secrets import optional_secret, without_secrets
from service.sinks.signature import HEADER, signature
from service.sinks.template import Body

# The receiver has read this very message and will not have it. All else (401, 404, 429, 5xx, a redirect) is
# about the receiver or the address, and a person mends it while the messages wait.
REFUSALS = frozenset([400, 409, 410, 413, 415, 422])


class WebhookSink:
    """A sink of the port. Accepted is what the receiver answers with 2xx."""

    def __init__(self, config: WebhookConfig, allowed_hosts: Sequence[str] = ()) -> None:
        """Raises ``SettingsError`` for an address, a secret's file or a template that cannot be used."""
        check_url(config.url, allowed_hosts)
        self._config = config
        self._told_url = without_secrets(config.url)
        self._body = Body(config.template)
        self._secret = optional_secret(config.secret_file, "the webhook's secret_file")
        self._token = optional_secret(config.token_file, "the webhook's token_file")
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """See the port."""
        trusted = self._config.ca_file
        verify = ssl.create_default_context(cafile=str(trusted)) if trusted else True
        # Proxies and .netrc of the environment are nobody's decision about this address.
        self._client = httpx.AsyncClient(
            timeout=self._config.timeout_seconds, follow_redirects=False, trust_env=False, verify=verify
        )

    async def deliver(self, report: Report) -> None:
        """See the port."""
        body = self._body.of(report)
        status = await self._post(body, self._headers(report, body))
        if 200 <= status < 300:
            return
        sentence = f"{self._told_url} answered {status} to report {report.report_id}"
        if status in REFUSALS:
            raise ReportRefused(f"{sentence}: it does not take it")
        raise SinkUnavailable(f"{sentence}: see its log, or correct address and token")

    async def close(self) -> None:
        """See the port."""
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, body: bytes, headers: dict[str, str]) -> int:
        if self._client is None:
            raise SinkUnavailable(f"the webhook to {self._told_url} is not open")
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                await asyncio.to_thread(self._look_up)
                # The answer's body is not read: it is not ours to hold, whatever its size.
                async with self._client.stream(
                    "POST", self._config.url, content=body, headers=headers
                ) as answer:
                    return answer.status_code
        except AddressRefused as error:
            raise SinkUnavailable(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise SinkUnavailable(
                f"{self._told_url} does not answer ({type(error).__name__}): check that it is up"
            ) from error

    def _look_up(self) -> None:
        parts = urlsplit(self._config.url)
        check_resolved(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

    def _headers(self, report: Report, body: bytes) -> dict[str, str]:
        headers = {
            **self._config.headers,
            "Content-Type": "application/json",
            "User-Agent": "patchline",
            "Idempotency-Key": str(report.report_id),
        }
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._secret:
            headers[HEADER] = signature(self._secret, int(time.time()), body)
        return headers
