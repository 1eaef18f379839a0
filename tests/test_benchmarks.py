"""What the benchmarks reckon with; they measure for real only when they are run."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.load import Connection
from benchmarks.pictures import FOLDER, PICTURES, TEXT, Picture
from benchmarks.readme import FIGURES, read, renew
from benchmarks.streaming import CONTENDERS, Figures, table
from benchmarks.worker import CONTENDERS as SERVERS
from benchmarks.worker import table as worker_table

REQUEST = b"GET / HTTP/1.1\r\n\r\n"


@pytest.fixture
def server() -> Iterator[tuple[Connection, socket.socket]]:
    """Return a connection that has sent its request, and the server's end of it."""
    # A real pair of sockets, as there is no TCP_NODELAY on others.
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as listener,
        closing(socket.create_connection(listener.getsockname())) as client,
        closing(listener.accept()[0]) as end,
    ):
        connection = Connection(client, REQUEST)
        connection.send()
        yield connection, end


def test_renew_writes_between_its_own_marks_only(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    text = "<!-- a -->\n{}\n<!-- /a -->\n\n<!-- b -->\nkept\n<!-- /b -->\n"
    for old in ("", "| old |\n| table |"):
        readme.write_text(text.format(old), encoding="utf-8")
        renew(readme, "a", r"| a new \1 table |")
        assert readme.read_text(encoding="utf-8") == text.format(r"| a new \1 table |")


def test_renew_refuses_a_file_without_the_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("<!-- a -->\n<!-- /b -->\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no lines <!-- a --> and <!-- /a -->"):
        renew(readme, "a", "| table |")


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- a -->\n<!-- /a -->\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no table between <!-- a --> and <!-- /a -->"):
        read(page, "a")
    renew(page, "a", "| app | ms |\n|---|---|\n| x, y | 1.0 (1.00) |\n| z | - |")
    assert read(page, "a") == [{"app": "x, y", "ms": "1.0 (1.00)"}, {"app": "z", "ms": "-"}]


def test_one_command_renews_all_figures() -> None:
    page = FIGURES.read_text(encoding="utf-8")
    tables = re.findall(r"<!-- /(.*) -->", page)
    assert sorted(picture.table for picture in PICTURES) == sorted(tables)
    assert sorted(name.replace("_", "-") for name, *_ in BENCHMARKS) == sorted(tables)
    for name in tables:
        for theme in TEXT:  # which GitHub and the site show in their own light and dark modes
            assert f"](figures/{name}-{theme}.svg#gh-{theme}-mode-only)" in page


@pytest.mark.parametrize("theme", TEXT)
@pytest.mark.parametrize("picture", PICTURES, ids=[picture.table for picture in PICTURES])
def test_a_picture_shows_the_numbers_of_its_table(picture: Picture, theme: str) -> None:
    cells = [row[column] for row in read(FIGURES, picture.table) for column in picture.columns]
    drawn = (FOLDER / f"{picture.table}-{theme}.svg").read_text(encoding="utf-8")
    numbers = re.findall(r"<text [^>]*>([\d.]+)</text>", drawn)
    assert numbers == [cell.split()[0] for cell in cells if cell != "-"], "draw it anew: benchmarks.pictures"
    assert TEXT[theme] in drawn


def test_a_response_counts_when_all_of_it_is_there(server: tuple[Connection, socket.socket]) -> None:
    connection, end = server
    for _ in range(2):
        assert end.recv(100) == REQUEST
        for part in (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 4\r\n\r\n", b"ab"):
            end.sendall(part)
            assert connection.receive() is None
        end.sendall(b"cd")
        assert connection.receive() is not None
        connection.send()


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab",
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["nothing", "half", "an error", "no length"],
)
def test_a_wrong_response_ends_the_load(server: tuple[Connection, socket.socket], response: bytes) -> None:
    connection, end = server
    end.sendall(response)
    end.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionError):
        for _ in range(10):
            assert connection.receive() is None


def test_the_table_compares_with_the_buffered_variant_of_the_framework() -> None:
    its = {contender: Figures(300.0, 300.0, 1000.0, 10.0, None) for contender in CONTENDERS}
    streaming = next(contender for contender in CONTENDERS if contender[:3] == ("flask", "streaming", "streaming"))
    buffered = next(contender for contender in CONTENDERS if contender[:3] == ("flask", "sync", "buffered"))
    its[buffered] = Figures(400.0, 400.0, 2000.0, 20.0, None)
    its[streaming] = Figures(4.0, 440.0, 500.0, 30.0, 3 * 2**20)
    lines = table(its).splitlines()
    assert "| Flask, buffered | 400.0 (1.00) | 400 (1.00) | 2000 (1.00) | 20.0 (1.00) | - |" in lines
    assert "| Flask, streaming | 4.0 (0.01) | 440 (1.10) | 500 (0.25) | 30.0 (1.50) | 3.0 |" in lines


def test_the_worker_is_compared_with_the_framework_s_plain_server() -> None:
    times = dict(zip(SERVERS, (100.0, 250.0, 400.0, 500.0), strict=True))
    assert worker_table(times).splitlines()[2:] == [
        "| FastAPI, plain uvicorn | 100 (1.00) |",
        "| FastAPI, the worker | 250 (2.50) |",
        "| Flask, a2wsgi on plain uvicorn | 400 (1.00) |",
        "| Flask, the worker | 500 (1.25) |",
    ]
