from funcweb.testing.server import running_server


def test_the_server_starts_and_answers():
    with running_server() as server:
        assert server.status_of("{{ cookiecutter.__health }}") {{ "== 200" if cookiecutter.__sample else "< 500" }}
