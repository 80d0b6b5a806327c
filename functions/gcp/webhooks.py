"""Posts JSON to where people are told. Its URLs and keys are secrets: no message holds one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
import urllib3

from gcp.http_errors import error_of, transport_error
from gcp.within import within
from rollouts.errors import Refused

_WORDS: Final = re.compile(r"[a-z][a-z_]{2,59}")
"""How Slack names what is wrong: `no_service`, `invalid_payload`."""
_READ_BYTES_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds. All together they are far below the ack deadline of the subscription."""

    connect: float = 5.0
    answer: float = 10.0
    whole: float = 25.0


class JsonPoster:
    """One POST, no retry and no redirect: Pub/Sub asks again."""

    def __init__(
        self,
        make: Callable[[], requests.Session] = requests.Session,
        limits: Limits = Limits(),
    ) -> None:
        self._make = make
        self._limits = limits

    def post(self, url: str, document: Mapping[str, Any], not_done: str) -> None:
        """POST `document`.

        Raises Transient for 429, 5xx and no answer, and Denied, Missing or Refused for any
        other. A redirect is refused: it would carry a secret elsewhere.
        """
        within(self._limits.whole, not_done, lambda: self._post(url, document, not_done))

    def _post(self, url: str, document: Mapping[str, Any], not_done: str) -> None:
        limits = (self._limits.connect, self._limits.answer)
        try:
            with (
                self._make() as session,
                session.post(
                    url, json=document, timeout=limits, allow_redirects=False, stream=True
                ) as answer,
            ):
                if answer.status_code // 100 == 2:  # noqa: PLR2004
                    return
                code, words = answer.status_code, _words(answer)
        except requests.RequestException as error:
            # `from None`: a traceback of the cause would print the URL.
            raise transport_error(error, not_done) from None
        except urllib3.exceptions.HTTPError:  # requests lets through what it finds odd in a host.
            raise Refused(f"{not_done}: the channel's URL names no host that can be") from None
        raise error_of(code, "", words, not_done)


def _words(answer: requests.Response) -> str:
    """Return what the answer says is wrong, if it does so in the words of Slack or PagerDuty.

    Any other body is nobody's to print: it may hold what was sent.
    """
    body = next(answer.iter_content(_READ_BYTES_MAX), b"")
    text = body.decode("utf-8", "replace").strip()
    if _WORDS.fullmatch(text):
        return text
    found = re.findall(r'"(Length of [^"]*|[^"]* is missing[^"]*|Event object is invalid)"', text)
    return "; ".join(found)
