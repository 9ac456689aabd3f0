"""Every notebook runs on the sample as it is shipped, and what a result shows in a cell can be shown."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import matplotlib.axes
import pandas as pd
import pytest

import outcomes as oc

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MAY_IMPORT = {"outcomes", "pandas", "seaborn", "statsmodels", "pathlib", "matplotlib"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def code_cells(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def test_the_notebooks_are_found() -> None:
    assert {"monthly_report", "before_after", "explore_records"} <= {path.stem for path in NOTEBOOKS}


@each_notebook
def test_it_is_stored_without_outputs(path: Path) -> None:
    for cell in read(path)["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@each_notebook
def test_it_imports_what_a_reader_has(path: Path) -> None:
    for source in code_cells(path):
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= MAY_IMPORT


def test_the_template_has_one_cell_of_parameters_and_computes_nothing_itself() -> None:
    path = ROOT / "notebooks" / "monthly_report.ipynb"
    tags = [cell["metadata"].get("tags", []) for cell in read(path)["cells"]]
    assert sum("parameters" in tag for tag in tags) == 1
    for source in code_cells(path):
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.For | ast.BinOp)


def test_the_template_runs_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: in a kernel it runs whenever a report is written."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    for source in code_cells(ROOT / "notebooks" / "monthly_report.ipynb"):
        exec(source, names)
    assert "fewer headache days per 28" in names["report"].lead().as_text()


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS if path.stem != "monthly_report"])
def test_it_runs_on_the_sample_without_a_warning(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert outputs
    for output in outputs:
        assert output.output_type != "error"
        assert not (output.output_type == "stream" and output.name == "stderr"), output.text
        assert "Warning" not in str(output.get("text", "")) + str(
            output.get("data", {}).get("text/plain", "")
        )


# ---- what results show ----


@pytest.fixture(scope="module")
def results(sample: Path) -> dict[str, Any]:
    plan = oc.AnalysisPlan(min_recorded_days=20)
    periods = oc.split_periods(oc.load_records(sample, plan), plan)
    endpoints = oc.measure_endpoints(periods)
    return {
        "change": oc.compare(endpoints, "headache_days_per_28", plan),
        "types": oc.compare_groups(endpoints, "headache_days_per_28", "headache_type", plan),
        "course": oc.measure_course(periods),
    }


@pytest.mark.parametrize("name", ["change", "types", "course"])
def test_a_result_shows_itself(results: dict[str, Any], name: str) -> None:
    result = results[name]
    assert isinstance(result.to_frame(), pd.DataFrame)
    assert len(result.to_frame()) > 3
    assert isinstance(result.plot(), matplotlib.axes.Axes)
    html = result._repr_html_()
    assert html.count("<table") == html.count("</table>") >= 1
    assert "nan" not in html
    assert result.summary()


def test_a_result_is_drawn_where_it_is_told(results: dict[str, Any]) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.add_subplot()
    assert results["change"].plot(ax=ax).get_figure() is figure


def test_a_figure_by_group_names_all_of_them(results: dict[str, Any]) -> None:
    assert results["types"].changes[0].group == "all"
    labels = [label.get_text().replace("\n", "") for label in results["types"].plot().get_yticklabels()]
    assert {"Migraine", "Cluster", "Sinus (self-labelled)"} <= set(labels)


def test_the_ten_lines_say_one_honest_sentence(results: dict[str, Any]) -> None:
    sentence = oc.describe_change(results["change"])
    assert sentence == results["change"].summary()
    assert sentence.startswith("Patients recorded ")
    assert "not proof of its cause" in sentence
