"""The house holds: who may import whom, who may draw, compute, print, and what the SQL may use."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "outcomes"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: A module or folder of ours → what it may import of ours. Base modules stand beside each other at the bottom.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "plan": {"errors", "plan_rules"},
    "plan_rules": {"errors", "plan"},
    "engine": {"errors", "files"},
    "claims": {"errors", "plan", "files", "claims"},
    "files": {"errors", "files"},
    "warehouse": {"errors", "engine", "warehouse"},
    "records": {"errors", "plan", "engine", "files", "warehouse", "records"},
    "analysis": {"errors", "plan", "engine", "records", "claims", "analysis"},
    "reporting": {
        "errors",
        "plan",
        "engine",
        "files",
        "records",
        "claims",
        "analysis",
        "reporting",
        "__init__",
    },
    "registry": {"errors", "plan", "files", "records", "analysis"},
    "simulation": {"errors", "records.code_lists", "records.schema", "simulation"},
    "selfcheck": {"errors", "plan", "records", "analysis", "simulation", "selfcheck"},
    "first_day": {
        "errors",
        "plan",
        "files",
        "records",
        "reporting",
        "first_day",
    },
    "commands": {
        "errors",
        "plan",
        "engine",
        "files",
        "records",
        "analysis",
        "reporting",
        "simulation",
        "selfcheck",
        "first_day",
        "claims",
        "commands",
    },
    "cli": {"errors", "commands", "__init__"},
    "__main__": {"cli"},
    "__init__": {"errors", "plan", "records", "analysis", "registry", "reporting", "simulation", "selfcheck"},
}

#: The one exception: results call what draws and words them, inside the methods that ask for it.
MAY_CALL_REPORTING = {"analysis/results.py", "analysis/answers.py"}


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _home(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def _imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every module that is imported anywhere in the tree, with its statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            module = node.module or ""
            if module == "outcomes":
                yield from ((f"outcomes.{alias.name}", node) for alias in node.names)
            else:
                yield module, node


def _in_functions(tree: ast.AST) -> set[ast.stmt]:
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    }


def _for_types_only(tree: ast.AST) -> set[ast.stmt]:
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    }


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _fits(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def test_every_folder_and_module_has_its_place() -> None:
    assert {_home(path) for path in MODULES} <= set(ALLOWED)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_go_one_way(path: Path) -> None:
    tree = _tree(path)
    deferred = _in_functions(tree)
    for module, node in _imports(tree):
        if module.split(".")[0] != "outcomes":
            continue
        inner = module.removeprefix("outcomes").removeprefix(".")
        if inner in ("", "__version__") or inner.startswith("__version__"):
            inner = "__init__"
        if _name(path) in MAY_CALL_REPORTING and inner.startswith("reporting") and node in deferred:
            continue
        assert _fits(inner, ALLOWED[_home(path)]), f"line {node.lineno}: {_name(path)} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_who_may_compute_and_who_may_draw(path: Path) -> None:
    name = _name(path)
    tree = _tree(path)
    typing = _for_types_only(tree)
    for module, node in _imports(tree):
        top = module.split(".")[0]
        if node in typing:
            continue
        if top in ("scipy", "statsmodels"):
            special = name == "simulation/draws.py" and _names_only_special(node)
            assert name.startswith("analysis/") or special, f"line {node.lineno}: {module}"
        if top in ("matplotlib", "seaborn"):
            drawing = name == "reporting/style.py" or re.fullmatch(r"reporting/figures\w*\.py", name)
            assert drawing, f"line {node.lineno}: {module}"
        if top == "duckdb":
            assert name == "engine.py", f"line {node.lineno}: {module}"
        if top in ("sqlglot", "pyspark"):
            assert name.startswith("warehouse/"), f"line {node.lineno}: {module}"


def _names_only_special(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "scipy.special" or {alias.name for alias in node.names} == {"special"}
    return isinstance(node, ast.Import) and all(alias.name == "scipy.special" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_only_the_command_line_prints(path: Path) -> None:
    """A module that writes a document when it is run as a program may write to standard output there."""
    if _name(path) in ("cli.py", "commands/console.py"):
        return
    tree = _tree(path)
    as_program = [
        node for node in tree.body if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
    ]
    own = {inner for node in as_program for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node in own or node.attr not in ("stdout", "stderr"), f"line {node.lineno}"


def test_nothing_heavy_is_imported_before_it_is_asked_for() -> None:
    light = ["__init__.py", "__main__.py", "cli.py", "errors.py", "plan.py", "plan_rules.py"]
    light += [_name(path) for path in MODULES if _home(path) in ("commands", "files")]
    for name in light:
        tree = _tree(PACKAGE / name)
        skipped = _in_functions(tree) | _for_types_only(tree)
        heavy = (
            "pandas",
            "numpy",
            "duckdb",
            "scipy",
            "matplotlib",
            "pyarrow",
            "nbclient",
            "outcomes.reporting",
        )
        for module, node in _imports(tree):
            assert node in skipped or not module.startswith(heavy), f"{name}, line {node.lineno}: {module}"


def test_names_say_what_a_module_is_about() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "managers", "core", "base"}
    assert not [
        _name(path) for path in MODULES if set(path.relative_to(PACKAGE).with_suffix("").parts) & vague
    ]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(_tree(path))


def test_the_public_names_are_all_there() -> None:
    import outcomes

    names = [node for node in ast.walk(_tree(PACKAGE / "__init__.py")) if isinstance(node, ast.ImportFrom)]
    for_types = {
        alias.asname for node in names for alias in node.names if (node.module or "").startswith("outcomes.")
    }
    assert for_types == set(outcomes._HOME)
    for name, home in outcomes._HOME.items():
        path = ROOT.joinpath(*home.split("."))
        source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        if home.startswith("outcomes.reporting") and not source.is_file():
            continue
        defined = {getattr(node, "name", None) for node in _tree(source).body}
        defined |= {
            node.target.id
            for node in _tree(source).body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        defined |= {
            alias.asname or alias.name
            for node in _tree(source).body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert name in defined, f"{home}.{name}"


#: Functions that the shared SQL files use: known to DuckDB, Postgres 14+ and Spark 3, alike once transpiled.
SQL_FUNCTIONS = {
    "bit_count", "bit_or", "cast", "coalesce", "count", "date_diff", "greatest", "max", "min", "round", "sum",
}  # fmt: skip
SQL_WORDS = {
    "all", "and", "as", "between", "by", "case", "cross", "distinct", "else", "end", "exists", "from", "having", "in",
    "join", "left", "not", "on", "or", "over", "partition", "select", "then", "union", "using", "values", "when",
    "where",
}  # fmt: skip
SQL_FILES = sorted(PACKAGE.rglob("*.sql"))


@pytest.mark.parametrize("path", SQL_FILES, ids=_name)
def test_the_sql_keeps_to_functions_that_every_engine_has(path: Path) -> None:
    text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"'[^']*'", "''", text)
    called = {word.lower() for word in re.findall(r"\b([A-Za-z_]\w*)\s*\(", text)} - SQL_WORDS
    assert called <= SQL_FUNCTIONS


@pytest.mark.parametrize("path", SQL_FILES, ids=_name)
def test_the_sql_is_read_by_the_package_that_ships_it(path: Path) -> None:
    """A file that nobody names is a second way to do the same thing."""
    package = path.parents[1]
    assert any(f'"{path.stem}"' in module.read_text(encoding="utf-8") for module in package.glob("*.py"))
    assert path.read_text(encoding="utf-8").startswith("-- "), "the first line says what a row is"


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: What a notebook for researchers may use beside ours.
SCIENCE = {"outcomes", "pandas", "matplotlib", "seaborn", "statsmodels", "pathlib"}


def test_there_are_notebooks() -> None:
    assert {"monthly_report.ipynb", "before_after.ipynb"} <= {path.name for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_import_the_library_and_are_committed_without_outputs(path: Path) -> None:
    allowed = {"outcomes"} if path.name == "monthly_report.ipynb" else SCIENCE
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        assert not cell["outputs"] and cell["execution_count"] is None
        source = "".join(
            line for line in "".join(cell["source"]).splitlines(keepends=True) if not line.startswith("%")
        )
        for module, _ in _imports(ast.parse(source)):
            assert module.split(".")[0] in allowed, module


def test_the_report_template_is_imported_by_nothing_and_has_one_parameters_cell() -> None:
    cells = json.loads((ROOT / "notebooks" / "monthly_report.ipynb").read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    assert len(tagged) == 1
    for path in MODULES:
        assert not any("monthly_report" in module for module, _ in _imports(_tree(path)))
