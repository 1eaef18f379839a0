"""The question `jobs` for an app of the owner's: what is refused, and what the owner is told."""

from pathlib import Path

import pytest

from tests.hooks import post_gen, pre_gen
from tests.own_app.conftest import OWN
from tests.variants import PLAIN, ROWS, Variant, context_of


@pytest.mark.parametrize("there", ["jobs.py", "jobs/__init__.py", "QueueTrigger/__init__.py"])
def test_a_module_of_the_owners_that_has_the_name_of_one_of_these(there: str, tmp_path: Path) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("ours = True\n", encoding="utf-8")
    sentence = pre_gen.check_own_jobs(tmp_path, ("jobs", "QueueTrigger"))
    assert repr(there.partition("/")[0].removesuffix(".py")) in sentence and "rename yours" in sentence
    assert pre_gen.check_own_jobs(tmp_path, ()) is None, "without jobs it is nobody's affair"


def test_those_of_an_earlier_bake_stay(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("import azure.functions as func\n", encoding="utf-8")
    (tmp_path / "QueueTrigger").mkdir()
    (tmp_path / "QueueTrigger" / "__init__.py").write_text("from jobs import ours as main\n", encoding="utf-8")
    assert pre_gen.check_own_jobs(tmp_path, ("jobs", "QueueTrigger")) is None


def test_the_app_itself_cannot_have_that_name() -> None:
    sentence = pre_gen.check_app("jobs:app", ROWS[OWN], "wsgi", "HttpTrigger", "v2", ("jobs",))
    assert "'jobs:app'" in sentence and "another name" in sentence
    assert pre_gen.check_app("jobs:app", ROWS[OWN], "wsgi", "HttpTrigger", "v2") is None


@pytest.mark.parametrize("jobs", ["none", "timer", "queue"])
def test_what_is_left_to_do_by_hand(jobs: str, tmp_path: Path) -> None:
    files = {
        "function_app.py": "",
        "host.json": '{"version": "2.0"}',
        "local.settings.json": "{}",
        "requirements.txt": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    answers = {"framework": OWN, "async_mode": "async", "app": "site_of_ours:app", "jobs": jobs}
    context = context_of(Variant({**PLAIN, **answers}))
    lines = [line.strip() for line in post_gen.left_to_do(context, tmp_path, frozenset(map(Path, files)))]
    for line, when in {
        "from jobs import bp": ("timer", "queue"),
        "app.register_functions(bp)": ("timer", "queue"),
        '"AzureWebJobsStorage": "UseDevelopmentStorage=true"': ("timer", "queue"),
        '"JOBS_SCHEDULE": "0 */5 * * * *"': ("timer",),
        '"extensions": {"queues": {"maxPollingInterval": "00:00:02", "visibilityTimeout": "00:00:30"}}': ("queue",),
        "azure-storage-queue>=12.18,<13": ("queue",),
        "azure-identity>=1.19,<2": ("queue",),
    }.items():
        assert (line in lines) == (jobs in when), (line, lines)
