"""The metadata server of one service account, as a model: a request in, an answer out.

The sockets are in `fronts/metadata_servers.py`. Only what google-auth, Google's clients and
a curl from a guide ask for is here; anything else answers 404, as the real server does.

Source: reference/gcp.md section 6, "Identity without Google"; and
https://cloud.google.com/run/docs/container-contract#metadata-server
"""

import hashlib
from dataclasses import dataclass

from local_cloud.identity.tokens import LocalTokens, account_number
from local_cloud.kit.http import ApiRequest, ApiResponse, Handler, Router

FLAVOR = {"Metadata-Flavor": "Google", "Server": "Metadata Server for Serverless"}
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
UNIVERSE = "googleapis.com"
_ROOT = "/computeMetadata/v1"
_ACCOUNT = f"{_ROOT}/instance/service-accounts/{{account}}"


@dataclass(frozen=True, slots=True)
class Account:
    """A service account, and where the process that runs as it stands."""

    email: str
    project: str
    project_number: str
    region: str


class Metadata:
    """Answers what a process asks about itself. Never refuses a token: IAM judges later."""

    def __init__(self, account: Account, tokens: LocalTokens) -> None:
        self._account = account
        self._tokens = tokens
        self._router = Router()
        self._add_texts()
        self._router.add("GET", f"{_ROOT}/instance/service-accounts/", self._accounts)
        self._router.add("GET", f"{_ACCOUNT}/", self._of_account)
        for leaf in ("aliases", "email", "scopes", "token", "identity"):
            self._router.add("GET", f"{_ACCOUNT}/{leaf}", self._of_account)

    def handle(self, request: ApiRequest) -> ApiResponse:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        return self._router.handle(request) or _text("404 page not found\n", 404)

    def _add_texts(self) -> None:
        account = self._account
        number = f"projects/{account.project_number}"
        texts = {
            "/": "computeMetadata/\n",
            f"{_ROOT}/project/project-id": account.project,
            f"{_ROOT}/project/numeric-project-id": account.project_number,
            f"{_ROOT}/instance/region": f"{number}/regions/{account.region}",
            f"{_ROOT}/instance/zone": f"{number}/zones/{account.region}-1",
            f"{_ROOT}/instance/id": hashlib.sha256(account.email.encode()).hexdigest(),
            f"{_ROOT}/universe/universe-domain": UNIVERSE,
        }
        for path, text in texts.items():
            self._router.add("GET", path, _always(text))

    def _accounts(self, _request: ApiRequest, _values: dict[str, str]) -> ApiResponse:
        return _text(f"default/\n{self._account.email}/\n")

    def _of_account(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        if values["account"] not in ("default", self._account.email):
            return _text("404 page not found\n", 404)
        match request.path.rpartition("/")[2]:
            case "aliases":
                return _text("default\n")
            case "email":
                return _text(self._account.email)
            case "scopes":
                return _text("".join(f"{scope}\n" for scope in SCOPES))
            case "token":
                return self._token()
            case "identity":
                return self._identity(request.first("audience"))
        return self._listing(recursive=request.first("recursive").lower() == "true")

    def _listing(self, *, recursive: bool) -> ApiResponse:
        if not recursive:
            return _text("aliases\nemail\nidentity\nscopes\ntoken\n")
        return _json({"aliases": ["default"], "email": self._account.email, "scopes": SCOPES})

    def _token(self) -> ApiResponse:
        issued = self._tokens.issue(self._account.email)
        seconds = self._tokens.seconds_left(issued)
        document = {"access_token": issued.token, "expires_in": seconds, "token_type": "Bearer"}
        return _json(document)

    def _identity(self, audience: str) -> ApiResponse:
        if not audience:
            return _text("non-empty audience parameter required\n", 400)
        return _text(self._tokens.id_token(self._account.email, audience))


def project_number(project: str) -> str:
    """Return a twelve-digit number for a project id, the same in every run."""
    return account_number(project)[-12:].replace("0", "1")


def _refusal(request: ApiRequest) -> ApiResponse | None:
    """Refuse what a page in a browser, or a proxy that forwards for others, could send.

    Source: https://cloud.google.com/compute/docs/metadata/querying-metadata: the header must
    be there, and a request with X-Forwarded-For is rejected.
    """
    if "x-forwarded-for" in request.headers:
        return _text("X-Forwarded-For header is not allowed.\n", 403)
    if request.path != "/" and request.headers.get("metadata-flavor") != "Google":
        return _text("Missing Metadata-Flavor:Google header.\n", 403)
    return None


def _always(text: str) -> Handler:
    return lambda _request, _values: _text(text)


def _text(text: str, status: int = 200) -> ApiResponse:
    return ApiResponse(status, text.encode(), {"Content-Type": "application/text", **FLAVOR})


def _json(document: dict[str, object]) -> ApiResponse:
    answer = ApiResponse.of(document)
    return ApiResponse(200, answer.body, {"Content-Type": "application/json", **FLAVOR})
