"""Try the template without installing anything of Azure's: bake a project into a temporary folder and serve it.

    uv run demo.py [--port 7071] [question=answer ...]

It runs on the local Functions host of this repository, functions-host, which needs Python 3.13 or later.
"""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

from cookiecutter.exceptions import CookiecutterException
from cookiecutter.main import cookiecutter

from functions_host.__main__ import main as serve

CONTEXT = json.loads(Path(__file__).with_name("cookiecutter.json").read_text(encoding="utf-8"))


def parse(arguments: list[str] | None) -> tuple[int, dict[str, str]]:
    """Return the port and the answers; anything that is not question=answer ends the program."""
    parser = argparse.ArgumentParser(description="Bake a project into a temporary folder and serve it.")
    parser.add_argument("--port", type=int, default=7071)
    parser.add_argument("answers", nargs="*", metavar="question=answer", help="such as framework=flask")
    options = parser.parse_args(arguments)
    questions = [name for name in CONTEXT if not name.startswith("_")]
    for answer in options.answers:
        question, separator, _ = answer.partition("=")
        if not separator:
            parser.error(f"{answer!r} is not question=answer, such as framework=flask")
        if question not in questions:
            parser.error(f"{question!r} is not a question; these are: {', '.join(questions)}")
    answers = dict(answer.split("=", 1) for answer in options.answers)
    framework = answers.get("framework")
    if framework in CONTEXT["_frameworks"] and not CONTEXT["_frameworks"][framework]["package"]:
        parser.error(f"framework={framework} has no sample to serve: bake it into the folder of your app")
    return options.port, answers


def examples(answers: dict[str, str]) -> list[str]:
    """Return paths of the sample app that a browser can open."""
    row = CONTEXT["_frameworks"][answers.get("framework", CONTEXT["framework"][0])]
    mode = answers.get("async_mode", "auto")
    streams = "custom_handler" in answers.values() or (row["auto"] if mode == "auto" else mode) == "streaming"
    return ["/hello/Ada", *filter(None, [row["docs"], "/stream" if streams else ""])]


def main(arguments: list[str] | None = None) -> int:
    """Bake and serve until interrupted; return the exit code."""
    port, answers = parse(arguments)
    logging.disable(logging.ERROR)  # Of a refusal the hook's own sentence is enough.
    with tempfile.TemporaryDirectory() as folder:
        try:
            project = cookiecutter(
                str(Path(__file__).parent), no_input=True, extra_context=answers, output_dir=folder, default_config=True
            )
        except CookiecutterException:
            return 1
        except ValueError as error:
            print(f"ERROR: {error}", file=sys.stderr)
            return 1
        logging.disable(logging.NOTSET)
        # The worker in Azure runs on uvloop from Python 3.13 on, which nest_asyncio cannot patch.
        loop = ["--loop", "asyncio"] if answers.get("async_mode") == "nest_asyncio" else []
        paths = [argument for path in examples(answers) for argument in ("--example", path)]
        endpoint = CONTEXT["_frameworks"][answers.get("framework", CONTEXT["framework"][0])].get("endpoint")
        paths += ["--endpoint", endpoint] if endpoint else []
        return serve([project, "--port", str(port), "--no-install", *loop, *paths])


if __name__ == "__main__":
    sys.exit(main())
