"""The public keys that Google signs identity tokens with: read when needed, kept, and shared."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from health_service.health.checks import Check, Checks, Unhealthy
from health_service.health.threads import in_thread
from health_service.health.values import Details

GOOGLE_KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"
AGAIN_SECONDS: Final = 10
"""Between two reads, however many unknown keys are named and however the first one went."""
_FRESH_SECONDS: Final = 3600
_KEPT_SECONDS: Final = 24 * 3600
_READ_SECONDS: Final = 2.0
_BYTES_MAX: Final = 1 << 20

ReadKeys = Callable[[], Mapping[str, Any]]
"""Reads a JSON Web Key Set; may block, and raise whatever it likes."""


class Unreachable(Exception):
    """The keys could not be read, so nothing can be said of a token. Says nothing of where."""


def keys_at(url: str = GOOGLE_KEYS) -> ReadKeys:
    """Return what reads the key set at `url`."""

    def read() -> Mapping[str, Any]:
        # An instance that nobody asks starts without these.
        import urllib.error  # noqa: PLC0415
        import urllib.request  # noqa: PLC0415

        try:
            with urllib.request.urlopen(url, timeout=_READ_SECONDS) as answer:  # noqa: S310 - the operator's setting, no caller's.
                document: Mapping[str, Any] = json.loads(answer.read(_BYTES_MAX))
        except urllib.error.HTTPError as error:
            error.close()  # It is an answer too, and holds a connection.
            raise
        return document

    return read


class Keys:
    """Finds a key by its id. Keys are read again after an hour, and for an id that is not known.

    What was read stays good for a day while nothing newer can be had: the page that tells what is
    wrong should open on the day that the network is.
    """

    def __init__(self, read: ReadKeys, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._keys: Details = {}
        self._read_at = 0.0
        # A check has what a shared read needs: one at a time, a time limit, an answer kept a while.
        self._reads = Checks(monotonic)
        probe = in_thread(lambda: _usable(read()))
        self._reads.add(
            Check("keys", probe, timeout_seconds=_READ_SECONDS + 1, cache_seconds=AGAIN_SECONDS)
        )

    async def find(self, key_id: str) -> Mapping[str, Any] | None:
        """Return the JSON Web Key, or None if there is none of that id. Raises Unreachable."""
        if key_id not in self._keys or self._age() >= _FRESH_SECONDS:
            [result] = await self._reads.results()
            if result.healthy:
                self._keys, self._read_at = result.details, result.ended
            elif key_id not in self._keys or self._age() >= _KEPT_SECONDS:
                raise Unreachable
        key = self._keys.get(key_id)
        return key if isinstance(key, Mapping) else None

    def _age(self) -> float:
        return self._monotonic() - self._read_at


def _usable(document: Mapping[str, Any]) -> Details:
    """Return the RSA signing keys of a key set by their ids."""
    found = {
        key["kid"]: key
        for key in document["keys"]
        if key["kty"] == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", "RS256") == "RS256"
    }
    if not found:
        raise Unhealthy("there is no key in it")
    return found
