"""Each kind of channel and what sends to it. Not: who is told what (`rollouts.routing`)."""

from collections.abc import Mapping
from typing import Any

from gcp.environment import Environment, channel_variable
from gcp.smtp import SmtpMailer
from gcp.webhooks import JsonPoster
from rollouts.mails import Mail
from rollouts.policy import Channel
from rollouts.routing import Letter


class Senders:
    """Implements `ports.Channels`. A secret is looked up in the environment when it is used."""

    def __init__(
        self,
        environment: Environment,
        poster: JsonPoster | None = None,
        mailer: SmtpMailer | None = None,
    ) -> None:
        self._environment = environment
        self._poster = poster or JsonPoster()
        self._mailer = mailer or SmtpMailer()

    def send(self, channel: Channel, letter: Letter) -> None:
        """Send. Raises BadSettings if the environment has no secret for the channel."""
        not_done = f"{channel} was not told"
        if isinstance(letter, Mail):
            server = self._environment.one(channel_variable(channel))
            self._mailer.send(server, letter, not_done)
        elif channel.kind == "pagerduty":
            self._page(channel, letter, not_done)
        else:
            self._poster.post(self._environment.one(channel_variable(channel)), letter, not_done)

    def _page(self, channel: Channel, letter: Mapping[str, Any], not_done: str) -> None:
        key, endpoint = self._environment.need(channel_variable(channel), "PAGERDUTY_ENDPOINT")
        document = {"routing_key": key, **letter}
        self._poster.post(f"{endpoint}/v2/enqueue", document, not_done)
