"""The page's server: this computer's own browser, with the secret in its address, and nobody else.

Any web page in any browser may send requests to 127.0.0.1. So each must carry a random token in
its path, name this computer as its host (or a name that leads here could be another site's), and
come from this very page where it says where it comes from.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from gokit.go.errors import GoError
from gokit.play.channel import Channel

HOST = "127.0.0.1"
OWN_NAMES = ("127.0.0.1", "localhost")
MAX_BODY = 2 << 20  # bytes: a game record of the largest size, as JSON
HEARTBEAT = 15.0  # seconds after which silence is broken, to notice a page that is gone
IDLE = 60.0  # seconds that a connection may keep us waiting
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class File(NamedTuple):
    """What a path answers: a media type and text, or a function that makes it when asked."""

    type: str
    text: str | Callable[[], str]
    download: str = ""


class PlayServer(ThreadingHTTPServer):
    """Serves files and one channel at http://127.0.0.1:PORT/TOKEN/.

    files: by name, "" the page itself. port: 0 for any free one. Raises GoError where the port
    cannot be had.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, File], channel: Channel, port: int = 0) -> None:
        if not 0 <= port < 65536:
            raise GoError(f"a port is a number from 0 to 65535, not {port}")
        self.files, self.channel = files, channel
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise GoError(f"port {port} cannot be used: {error.strerror}") from None

    @property
    def url(self) -> str:
        """The page's address, with its token."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where a browser hung up; show what is a mistake of ours."""
        import sys

        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Refused(Exception):
    """A request that is not answered, with the status that says why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: PlayServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "gokit", ""
    timeout = IDLE

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the terminal is the person's, and the paths hold the token."""

    def _answer(self, act: Callable[[str], None]) -> None:
        try:
            act(self._allowed_name())
        except Refused as refused:
            # What was not read of the request would be taken for the next one.
            self.close_connection = True
            self._send(refused.status, "text/plain", f"{refused}\n")

    def _allowed_name(self) -> str:
        """Return what is asked for, once the request is known to be from our own page."""
        host = self.headers.get("Host", "")
        if len(self.headers.get_all("Host", [])) != 1 or host.rpartition(":")[0] not in OWN_NAMES:
            raise Refused(HTTPStatus.FORBIDDEN, "this server answers on this computer only")
        origin = self.headers.get("Origin")
        if origin is None and self.command == "POST":
            raise Refused(HTTPStatus.FORBIDDEN, "the request does not say which page it is from")
        if origin is not None and origin != f"http://{host}":
            raise Refused(HTTPStatus.FORBIDDEN, "the request is from another page")
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        # "none": typed, or opened by `gokit play`. A link on another page is "cross-site".
        if site not in ("same-origin", "none"):
            raise Refused(HTTPStatus.FORBIDDEN, "the request is from another page")
        token, slash, name = self.path.partition("?")[0].removeprefix("/").partition("/")
        if not (slash and hmac.compare_digest(token.encode(), self.server.token.encode())):
            raise Refused(HTTPStatus.FORBIDDEN, "use the address that `gokit play` printed")
        return name

    def _get(self, name: str) -> None:
        if name == "events":
            return self._stream()
        file = self.server.files.get(name)
        if file is None:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here of that name")
        text = file.text if isinstance(file.text, str) else file.text()
        self._send(HTTPStatus.OK, file.type, text, file.download)

    def _post(self, name: str) -> None:
        if name != "send":
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here of that name")
        if self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a message is JSON")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "a message says how long it is")
        if len(length) > 9 or int(length) > MAX_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the message is too long")
        try:
            message = json.loads(self.rfile.read(int(length)))
            if not isinstance(message, dict):
                raise ValueError("not an object")
        except (ValueError, RecursionError):
            raise Refused(HTTPStatus.BAD_REQUEST, "the message is not a JSON object") from None
        try:
            self.server.channel.receive(message.get("widget"), message.get("content"))
        except GoError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        self._send(HTTPStatus.OK, "application/json", "{}")

    def _stream(self) -> None:
        """Tell the page every change, as server-sent events, until it or we are gone."""
        self.close_connection = True
        self._begin(HTTPStatus.OK, "text/event-stream", {"Connection": "close"})
        page = self.server.channel.page()
        try:
            while (news := page.news(HEARTBEAT)) is not None:
                line = f"data: {json.dumps(news, separators=(',', ':'))}\n\n" if news else ":\n\n"
                self.wfile.write(line.encode())
                self.wfile.flush()
        finally:
            page.leave()

    def _send(self, status: HTTPStatus, type: str, text: str, download: str = "") -> None:
        content = text.encode()
        headers = {"Content-Length": str(len(content))}
        if download:
            headers["Content-Disposition"] = f'attachment; filename="{download}"'
        if self.close_connection:
            headers["Connection"] = "close"
        self._begin(status, type, headers)
        self.wfile.write(content)

    def _begin(self, status: HTTPStatus, type: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{type}; charset=utf-8")
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
