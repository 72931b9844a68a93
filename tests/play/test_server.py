"""Who may read and play the page's game: our own page, with its token, and nobody else."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time

import pytest

from gokit.go.errors import GoError
from gokit.play.channel import Channel
from gokit.play.page import serve
from gokit.play.server import MAX_BODY, File, PlayServer
from gokit.play.table import Table
from gokit.widgets import Board

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server():
    """A server with a board, running."""
    channel, board = Channel(), Board(size=5)
    channel.put("board", board, lambda said: board._handle_custom_msg(said, []))
    files = {
        "": File("text/html", "<p>the page"),
        "game.sgf": File("application/x-go-sgf", lambda: str(board), "game.sgf"),
    }
    server = PlayServer(files, channel)
    server.board = board
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    channel.close()
    server.shutdown()
    server.server_close()


def send(server, method, path, body=None, headers=()):
    """Send one request as it is, and return (status, headers, text)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.putrequest(method, path, skip_host="Host" in dict(headers))
    content = body.encode() if isinstance(body, str) else body
    if content is not None and "Content-Length" not in dict(headers):
        connection.putheader("Content-Length", str(len(content)))
    for name, value in dict(headers).items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(content)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def get(server, name="", **headers):
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    return send(server, "GET", f"/{server.token}/{name}", headers=headers)


def post(server, message, *, token=None, **headers):
    origin = {"Origin": f"http://127.0.0.1:{server.server_port}"}
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    path = f"/{token or server.token}/send"
    body = message if isinstance(message, str) else json.dumps(message)
    return send(server, "POST", path, body, {**origin, **JSON, **headers})


def move(server, *moves):
    game = server.board.game
    revision = game["revision"] + 1
    game = {**game, "moves": list(moves), "cursor": len(moves), "revision": revision}
    return {"widget": "board", "content": {"type": "game", "game": game}}


def test_the_own_page_may_read_and_play(server):
    status, headers, text = get(server)
    assert (status, text) == (200, "<p>the page")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert post(server, move(server, 12))[0] == 200
    assert server.board.position.moves == [12]


def test_it_listens_on_this_computer_only(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.url.startswith(f"http://127.0.0.1:{server.server_port}/{server.token}/")
    assert len(server.token) >= 32


def test_every_server_has_a_secret_of_its_own():
    servers = [PlayServer({}, Channel()) for _ in range(2)]
    for one in servers:
        one.server_close()
    assert servers[0].token != servers[1].token


@pytest.mark.parametrize("name", ["", "events", "game.sgf", "nothing"])
@pytest.mark.parametrize("change", ["none", "wrong", "short", "long", "query"])
def test_without_the_token_nothing_is_told(server, name, change):
    token = server.token
    path = {
        "none": f"/{name}",
        "wrong": f"/{token[::-1]}/{name}",
        "short": f"/{token[:-1]}/{name}",
        "long": f"/{token}x/{name}",
        "query": f"/{name}?token={token}",
    }[change]
    status, headers, text = send(server, "GET", path)
    assert status == 403
    assert token not in text + str(headers)


def test_without_the_token_nothing_is_played(server):
    assert post(server, move(server, 12), token=server.token[::-1])[0] == 403
    assert server.board.position.moves == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "", "[::1]:{port}",
     "127.0.0.1@evil.example:{port}", "10.0.0.1:{port}"],
)  # fmt: skip
def test_another_name_for_this_computer_is_refused(server, host):
    """A name that its owner points here lets a page of that name read as if we were its site."""
    host = host.format(port=server.server_port)
    assert get(server, Host=host)[0] == 403
    assert post(server, move(server, 12), Host=host, Origin=f"http://{host}")[0] == 403
    assert server.board.position.moves == []


def test_a_tunnel_may_lead_here(server):
    assert get(server, Host="localhost:9999")[0] == 200
    ours = {"Host": "localhost:9999", "Origin": "http://localhost:9999"}
    assert post(server, move(server, 12), **ours)[0] == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:{port}",
     "https://127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.example", None, ""],
)  # fmt: skip
def test_another_page_cannot_play(server, origin):
    origin = origin and origin.format(port=server.server_port)
    assert post(server, move(server, 12), Origin=origin)[0] == 403
    assert server.board.position.moves == []


@pytest.mark.parametrize("name", ["", "events", "game.sgf"])
def test_another_page_cannot_read(server, name):
    assert get(server, name, Origin="https://evil.example")[0] == 403
    for site in ("cross-site", "same-site"):
        assert get(server, name, Sec_Fetch_Site=site)[0] == 403
    if name != "events":
        assert get(server, name, Sec_Fetch_Site="none")[0] == 200


def test_no_page_may_frame_or_embed_ours(server):
    _, headers, _ = get(server)
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400), ("{", 400), ("[]", 400), ("null", 400), ('"board"', 400), ("[" * 100_000, 400),
        ("{}", 400), ('{"widget": "tree", "content": {}}', 400), ('{"widget": ["board"]}', 400),
        ('{"widget": "board"}', 200), ('{"widget": "board", "content": [1]}', 200),
        ('{"widget": "board", "content": {"type": "game", "game": {"size": 1e999}}}', 200),
    ],
)  # fmt: skip
def test_a_message_that_makes_no_sense_is_refused_and_harms_nothing(server, body, status):
    assert post(server, body)[0] == status
    assert server.board.position.moves == []
    assert post(server, move(server, 12))[0] == 200
    assert server.board.position.moves == [12]


def test_a_form_of_another_page_is_no_message(server):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        assert post(server, move(server, 12), Content_Type=kind)[0] == 415
    assert server.board.position.moves == []


def test_a_message_must_say_how_long_it_is_and_not_be_too_long(server):
    assert post(server, "{}", Content_Length=str(MAX_BODY + 1))[0] == 413
    assert post(server, "{}", Content_Length="9" * 5000)[0] == 413
    for length in ("-1", "two", "", "²"):
        raw = (
            f"POST /{server.token}/send HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"
            f"Origin: http://127.0.0.1:1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n\r\n{{}}"
        )
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as wire:
            wire.sendall(raw.encode("latin-1"))
            assert b" 411 " in wire.recv(100)


def test_a_refused_message_is_not_taken_for_the_next_request(server):
    """What stood in the refused body would otherwise be read as a request of its own."""
    hidden = f"GET /{server.token}/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"
    raw = f"POST /wrong/send HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: {len(hidden)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as wire:
        wire.sendall((raw + hidden).encode())
        answer = b""
        while more := wire.recv(4096):
            answer += more
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"the page" not in answer


@pytest.mark.parametrize(
    "name", ["nothing", "../page.html", "..%2f..%2fetc/passwd", "server.py", "send", "game.sgf/"]
)
def test_what_is_not_there_is_not_found(server, name):
    assert get(server, name)[0] == 404


def test_only_getting_and_posting_are_known(server):
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert send(server, method, f"/{server.token}/")[0] == 501
    assert send(server, "POST", f"/{server.token}/other", "{}", {
        "Origin": f"http://127.0.0.1:{server.server_port}", **JSON,
    })[0] == 404  # fmt: skip


def test_a_record_is_made_when_it_is_asked_for(server):
    server.board.play("C3")
    status, headers, text = get(server, "game.sgf")
    assert status == 200
    assert "(X)" in text
    assert headers["Content-Disposition"] == 'attachment; filename="game.sgf"'


def events(server):
    """Open the stream of events, and yield each."""
    wire = socket.create_connection(("127.0.0.1", server.server_port), timeout=20)
    wire.sendall(f"GET /{server.token}/events HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n".encode())
    with wire, wire.makefile("rb") as lines:
        for line in lines:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


def test_two_pages_hear_of_each_others_moves(server):
    pages = [events(server), events(server)]
    for page in pages:
        assert next(page)["board"]["game"]["moves"] == []
    post(server, move(server, 12))
    for page in pages:
        assert next(page)["board"]["game"]["moves"] == [12]
    pages[0].close()
    post(server, move(server, 12, 6))
    assert next(pages[1])["board"]["game"]["moves"] == [12, 6]


def test_streams_end_with_the_server(server):
    page = events(server)
    next(page)
    server.channel.close()
    assert list(page) == []


def test_a_page_that_is_gone_is_forgotten(server, monkeypatch, capsys):
    monkeypatch.setattr("gokit.play.server.HEARTBEAT", 0.05)
    page = events(server)
    next(page)
    page.close()
    end = time.monotonic() + 20
    while server.channel._pages:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert capsys.readouterr().err == "", "a closed tab is no error"


def test_a_port_that_is_taken_is_said(server):
    with pytest.raises(GoError, match=f"port {server.server_port} cannot be used"):
        PlayServer({}, Channel(), server.server_port)
    with pytest.raises(GoError, match="from 0 to 65535"):
        PlayServer({}, Channel(), 70000)


@pytest.mark.parametrize(
    ("browser", "over_ssh", "opened"), [(True, False, 1), (False, False, 0), (True, True, 0)]
)
def test_the_page_is_opened_where_there_is_a_browser(
    monkeypatch, capsys, browser, over_ssh, opened
):
    urls = []
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    if over_ssh:
        monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    monkeypatch.setattr("webbrowser.open", urls.append)

    def stop(self, *_):
        raise KeyboardInterrupt

    monkeypatch.setattr(PlayServer, "serve_forever", stop)
    table = Table(5, spec="people")
    serve(table, browser=browser)
    said = capsys.readouterr()
    assert len(urls) == opened
    assert all(url in said.out for url in urls)
    assert ("ssh -L" in said.err) == over_ssh
    assert table._closed
