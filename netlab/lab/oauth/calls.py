"""One request at an endpoint: what it gives, where its decisions are told, how it is refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from netlab.lab.asgiscope import TELL
from netlab.lab.oauth import clientauth, pages
from netlab.lab.oauth.parameters import Parameters
from netlab.lab.oauth.refusal import Refused
from netlab.lab.webmessage import Tell, nobody

LARGEST = 1 << 16
FORM = "application/x-www-form-urlencoded"
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
"""Nobody on the way may keep a token (RFC 6749 §5.1)."""
SHOWN = 200

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """given: the parameters, of the query or of the form."""

    request: Request
    given: Parameters
    tell: Tell

    @property
    def cookies(self) -> Mapping[str, str]:
        return self.request.cookies

    @property
    def authorization(self) -> str:
        return self.request.headers.get("authorization", "")


Handler = Callable[[Call], Awaitable[Response]]


def tell_of(request: Request) -> Tell:
    extensions: dict[str, Any] = request.scope.get("extensions") or {}
    tell: Tell = extensions.get(TELL, {}).get("tell", nobody)
    return tell


async def body(request: Request) -> bytes:
    octets = await request.body()
    if len(octets) > LARGEST:
        raise Refused("invalid_request", "the body is too large", "RFC 9110 §15.5.14", 413)
    return octets


async def parameters(request: Request, rule: str) -> Parameters:
    """The query of a GET; of a POST the form alone (RFC 6749 §3.1, §3.2)."""
    if request.method != "POST":
        return Parameters(request.scope["query_string"], rule)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    octets = await body(request)
    if octets and kind != FORM:
        raise Refused("invalid_request", f"the body is not {FORM}", rule)
    return Parameters(octets, rule)


def refused(tell: Tell, request: Request, refusal: Refused, client_id: str = "") -> None:
    """Tell which rule it was."""
    tell(
        "oauth.refused", endpoint=request.url.path, error=refusal.error, rule=refusal.rule,
        description=refusal.description, client_id=client_id[:SHOWN],
    )  # fmt: skip


def for_clients(handler: Handler, rule: str = "RFC 6749 §3.2") -> Endpoint:
    """An endpoint whose errors are JSON (RFC 6749 §5.2)."""

    async def endpoint(request: Request) -> Response:
        tell, client_id = tell_of(request), ""
        try:
            given = await parameters(request, rule)
            client_id = claimed(request, given)
            return await handler(Call(request, given, tell))
        except Refused as refusal:
            refused(tell, request, refusal, client_id)
            return error(refusal)

    return endpoint


def claimed(request: Request, given: Parameters) -> str:
    """Whom a request says that it comes from, true or not."""
    try:
        id, _ = clientauth.basic(request.headers.get("authorization", ""))
    except Refused:
        return given.get("client_id")
    return id


def error(refusal: Refused) -> Response:
    headers = dict(NO_STORE)
    if refusal.status == 401:
        headers["www-authenticate"] = 'Basic realm="netlab lab", charset="UTF-8"'
    told = {"error": refusal.error, "error_description": refusal.description}
    return JSONResponse(told, refusal.status, headers)


def for_people(handler: Handler) -> Endpoint:
    """An endpoint that a browser visits: its errors are pages, and lead nowhere."""

    async def endpoint(request: Request) -> Response:
        tell, client_id = tell_of(request), ""
        try:
            given = await parameters(request, "RFC 6749 §3.1")
            client_id = given.get("client_id")
            return await handler(Call(request, given, tell))
        except Refused as refusal:
            refused(tell, request, refusal, client_id)
            words = f"{refusal.description[:1].upper()}{refusal.description[1:]}."
            return html(pages.notice("This request cannot be served", words), refusal.status)

    return endpoint


def html(document: str, status: int = 200) -> Response:
    return HTMLResponse(document, status, dict(pages.HEADERS))


def see(location: str, status: int) -> Response:
    """A redirection. 303 after a form: with 307 the browser would hand the form on, password and
    all, and 302 leaves it a choice (RFC 9700 §4.12).
    """
    hidden = {"location": location, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=status, headers=hidden)


def token(value: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse(dict(value), status, NO_STORE)
