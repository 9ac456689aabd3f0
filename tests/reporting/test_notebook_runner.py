"""The runner: parameters, one kernel for all sets, no records in errors, nothing left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from outcomes.errors import DisclosureHold, InvalidRecords, ReportStopped
from outcomes.reporting import notebooks

PARAMETERS = """\
# what is reported
source = "data/sample"  # a folder
month: str = "2026-10"
limits = [1, 2]
"""
posix = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX systems")


def cell(source, *tags, kind="code"):
    made = {"cell_type": kind, "id": f"c{len(source)}", "metadata": {"tags": list(tags)}, "source": source}
    return {**made, "outputs": [], "execution_count": None} if kind == "code" else made


def template(*sources):
    cells = [cell("# words", kind="markdown"), cell(PARAMETERS, "parameters"), *map(cell, sources)]
    for number, one in enumerate(cells):
        one["id"] = f"cell-{number}"
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}


def parameters_of(prepared):
    return prepared["cells"][1]["source"]


@pytest.fixture(scope="module", autouse=True)
def temporary():
    """A folder for temporary files that no other run shares, with a name short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield Path(folder)


def leftovers():
    return sorted(Path(tempfile.gettempdir()).glob("outcomes-*"))


# ---- parameters ----


def test_parameters_replace_values_and_keep_the_rest():
    prepared = notebooks.set_parameters(template(), {"month": "2026-11", "limits": [3]})
    assert parameters_of(prepared) == PARAMETERS.replace("2026-10", "2026-11").replace(
        '"2026-11"', "'2026-11'"
    ).replace("[1, 2]", "[3]")


def test_the_template_is_left_as_it_was():
    original = template()
    notebooks.set_parameters(original, {"month": "2026-11"})
    assert original == template()


@pytest.mark.parametrize("value", ["é − \" ' \\ \n", None, True, 1.5, {"a": (1, 2)}, [], "'''"])
def test_any_plain_value_arrives(value):
    namespace = {}
    prepared = notebooks.set_parameters(template(), {"source": value, "month": value})
    exec(parameters_of(prepared), namespace)
    assert namespace["source"] == namespace["month"] == value


def test_what_parameters_cannot_be():
    with pytest.raises(ReportStopped, match="no parameter named monht"):
        notebooks.set_parameters(template(), {"monht": "2026-10"})
    with pytest.raises(ReportStopped, match="plain value"):
        notebooks.set_parameters(template(), {"source": Path("x")})
    without = template()
    without["cells"][1]["metadata"]["tags"] = []
    with pytest.raises(ReportStopped, match="one cell tagged"):
        notebooks.set_parameters(without, {})
    twice = template("x = 1")
    twice["cells"][2]["metadata"]["tags"] = ["parameters"]
    with pytest.raises(ReportStopped, match="not 2"):
        notebooks.set_parameters(twice, {})


@pytest.mark.parametrize("name", ["../../etc/passwd", "/tmp/mine.ipynb", "mine", ""])
def test_only_shipped_templates_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(ReportStopped, match="no such report template"):
        notebooks.run_template(name, [{}])


# ---- running ----


@pytest.fixture(scope="module")
def two_runs():
    runs = notebooks.run_notebook(
        template(
            "import os, sys, warnings\nprint('patient 7.37')\nwarnings.warn('noise')\n"
            "from outcomes.reporting import page",
            "try:\n    seen = kept\nexcept NameError:\n    seen = 'fresh'\nkept = 'left over'",
            "page.Sentence(f'{source} {month} {limits} {seen} {os.getpid()}')",
            "page.Notes((sys.executable, os.environ['IPYTHONDIR']))",
        ),
        [{"source": "/home/somebody/records", "month": "2026-11"}, {"limits": [5]}],
    )
    return runs, leftovers()


def shown(run, number):
    return run.cells[number].outputs[0]["data"]["text/plain"]


def test_each_set_runs_with_its_own_parameters_and_fresh_names(two_runs):
    first, second = (shown(run, 4) for run in two_runs[0])
    assert first.startswith("/home/somebody/records 2026-11 [1, 2] fresh")
    assert second.startswith("data/sample 2026-10 [5] fresh")


def test_one_kernel_of_this_python_serves_all_sets(two_runs):
    runs, _ = two_runs
    assert len({shown(run, 4).split()[-1] for run in runs}) == 1
    assert shown(runs[0], 5).split("\n")[0] == sys.executable


def test_kernel_keeps_to_a_private_folder_that_is_gone(two_runs):
    runs, left = two_runs
    private = Path(shown(runs[0], 5).split("\n")[1])
    assert not private.exists()
    assert not left


def test_notebook_that_comes_back_holds_no_path_and_no_stream(two_runs):
    run = two_runs[0][0]
    assert parameters_of(run) == PARAMETERS.replace('"2026-10"', "'2026-11'")
    assert "7.37" not in str([one.get("outputs") for one in run.cells])
    assert "/home/somebody" not in "".join(one.source for one in run.cells)
    assert not any("execution" in one.metadata for one in run.cells)


def stop_of(*sources, **options):
    """The error of a run, and that it carries no other error along."""
    with pytest.raises(Exception) as caught:
        notebooks.run_notebook(template(*sources), [{}], **options)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


def test_library_errors_are_told_without_their_words():
    error = stop_of("patient = 'P-0815'", "raise ValueError(f'bad value for {patient}: 7.37')")
    assert type(error) is ReportStopped
    assert str(error) == "cell 4 of the report stopped: ValueError"


def test_our_own_errors_keep_class_words_and_exit_code():
    error = stop_of(
        "from outcomes.errors import InvalidRecords\nraise InvalidRecords(['diary.csv, row 2', 'row 3'])"
    )
    assert type(error) is InvalidRecords
    assert error.problems == ("diary.csv, row 2", "row 3")
    error = stop_of("from outcomes.errors import DisclosureHold\nraise DisclosureHold('too few patients')")
    assert type(error) is DisclosureHold
    assert str(error) == "too few patients"
    assert error.exit_code == 6


def test_what_is_not_a_report_block_stops_the_run():
    assert "not a report block" in str(stop_of("import pandas as pd\npd.DataFrame({'x': [7.37]})"))


def test_a_dead_kernel_and_an_endless_cell_are_told():
    assert "process ended in cell 3" in str(stop_of("import os\nos._exit(3)"))
    assert "longer than 1 seconds" in str(stop_of("import time\ntime.sleep(60)", cell_seconds=1))
    assert not leftovers()


def test_it_runs_where_a_loop_is_running_already():
    import asyncio

    async def inside():
        return notebooks.run_notebook(
            template("from outcomes.reporting import page", "page.Sentence('here')"), [{}]
        )

    assert shown(asyncio.run(inside())[0], 3) == "here"


@posix
def test_interrupting_leaves_no_kernel_and_no_folder(tmp_path):
    started = tmp_path / "started"
    source = f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(120)"
    code = f"from outcomes.reporting import notebooks\nnotebooks.run_notebook({template(source)!r}, [{{}}])"
    run = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: started.exists() and started.read_text())
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
    finally:
        run.kill()
        run.wait()
    assert said.strip().endswith("KeyboardInterrupt")
    wait_for(lambda: not alive(int(started.read_text())))
    assert not leftovers()


def wait_for(happened, seconds=30):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process that has ended and was not asked for yet still has its number.
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
