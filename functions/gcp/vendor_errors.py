"""From the exceptions of Google's client libraries to Barq's errors. Not: plain REST."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api_errors
from google.auth import exceptions as auth_errors

from gcp.http_errors import error_for, error_of, transport_error
from rollouts.errors import BarqError, Transient


@contextmanager
def translated(not_done: str) -> Iterator[None]:
    """Raise Barq's error instead of the vendor's, beginning with what did not happen."""
    try:
        yield
    except api_errors.GoogleAPICallError as error:
        raise error_for_call(error, not_done) from error
    except api_errors.RetryError as error:
        raise Transient(f"{not_done}: no answer in time") from error
    except (requests.RequestException, auth_errors.GoogleAuthError) as error:
        raise transport_error(error, not_done) from error


def error_for_call(error: api_errors.GoogleAPICallError, not_done: str) -> BarqError:
    """Return the error for a call that was answered with an error, over gRPC or REST."""
    if isinstance(error.response, requests.Response):
        # The library's own message holds the URL, and all of a body that is not JSON.
        found = error_for(error.response, not_done)
        assert found is not None
        return found
    status = error.grpc_status_code.name if error.grpc_status_code is not None else ""
    return error_of(int(error.code or 500), status, str(error.message or ""), not_done)
