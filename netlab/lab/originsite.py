"""A site whose WebSocket tells a visitor's private data, and a page that is after them.

`/lax` greets whoever brings the visitor's cookie; `/strict` looks at Origin first. `/login` hands
the cookie out with the SameSite that is asked for, and leads on to the attacker's page if told to.
"""

import json
from urllib.parse import parse_qs

from netlab.lab import websocket
from netlab.lab.webmessage import Request, Response, redirect, text
from netlab.lab.webstream import Stream
from netlab.lab.wsendpoint import Endpoint, Event

OWN = "https://app.example.com"
COOKIE = "session=lab-ada-7f3a"
PRIVATE = "Hello Ada, you have 42 coins."
STRANGER = "Hello, whoever you are."
SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}
ATTACKERS = ("https://evil.app.example.com/", "https://evil.example.net/")

# It goes on asking for itself until all is told: a headless browser that prints the page by a
# clock of its own stops that clock while a request is under way, and for nothing else.
SCRIPT = """<!doctype html><title>A page</title><pre id=out></pre><script>
const out = document.getElementById("out");
let left = 3;
const wait = () => left && fetch(location.pathname, {cache: "no-store"})
  .then(() => setTimeout(wait, 10));
wait();
const tell = (what, said) => { left -= 1; out.textContent += what + ": " + said + "\\n"; };
for (const path of ["lax", "strict"]) {
  const socket = new WebSocket("wss://app.example.com/" + path);
  let heard = "";
  socket.onmessage = event => { heard = event.data; socket.close(); };
  socket.onclose = () => tell(path, heard || "refused");
}
fetch("https://app.example.com/api", {credentials: "include"})
  .then(answer => answer.text()).then(body => tell("api", body), () => tell("api", "withheld"));
</script>"""


def answer(request: Request) -> Response:
    asked = {k: v[-1] for k, v in parse_qs(request.target.partition("?")[2]).items()}
    match request.path:
        case "/login":
            return login(asked)
        case "/api":
            body = json.dumps({"said": greeting(request)}).encode()
            return Response(200, ((b"content-type", b"application/json"),), body)
        case "/strict" if request.header(b"origin") != OWN:
            return text(403, "This socket is for pages of this site alone.\n")
        case "/lax" | "/strict":
            return websocket.refused(request) or greet(request)
        case "/own":
            return page_of_the_attacker()  # the very same script, on the site's own page
    return text(200, "A site with a login: /login, and two sockets, /lax and /strict.\n")


def login(asked: dict[str, str]) -> Response:
    """The cookie, and where the person goes next; only to the attackers that there are."""
    kind = SAME_SITE.get(asked.get("samesite", "lax"), "Lax")
    cookie = (b"set-cookie", f"{COOKIE}; Path=/; Secure; HttpOnly; SameSite={kind}".encode())
    onward = asked.get("then", "")
    if onward in (*ATTACKERS, f"{OWN}/own", f"{OWN}:8443/own"):
        return redirect(302, onward, cookie)
    return text(200, "Logged in.\n", cookie)


def greeting(request: Request) -> str:
    cookies = {part.strip() for part in request.header(b"cookie").split(";")}
    return PRIVATE if COOKIE in cookies else STRANGER


def greet(request: Request) -> Response:
    async def speak(endpoint: Endpoint, stream: Stream) -> None:
        endpoint.send(greeting(request))
        octets, _ = endpoint.outgoing()
        await stream.send(octets)

    return websocket.switch(request, listen, speak)


def listen(_: Endpoint, __: Event) -> None:
    """It only greets."""


def page_of_the_attacker() -> Response:
    return Response(200, ((b"content-type", b"text/html; charset=utf-8"),), SCRIPT.encode())
