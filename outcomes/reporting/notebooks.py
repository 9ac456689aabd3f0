"""Runs the notebook templates that the package ships.

A notebook is code: only templates of the package are run, never a file of the user's. What goes wrong inside
is told by cell number and error class, because messages and tracebacks of libraries quote records; our own
errors (`OutcomesError`) keep their words and their exit code.
"""

from __future__ import annotations

import ast
import asyncio
import copy
import functools
import json
import re
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from outcomes import errors
from outcomes.errors import InvalidRecords, OutcomesError, ReportStopped
from outcomes.reporting.drawings import DrawingRoom
from outcomes.reporting.kernels import STOPPED_MIME, kernel_for_notebooks
from outcomes.reporting.typesetting import report_outputs

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

Parameters: TypeAlias = Mapping[str, object]
Template: TypeAlias = Mapping[str, Any]  # a notebook as its JSON
Made: TypeAlias = Callable[[int, "NotebookNode"], None]

PARAMETERS_TAG = "parameters"
CELL_SECONDS = 1800

# ---- running ---------------------------------------------------------------------------------------------


def run_template(
    template: str, parameter_sets: Sequence[Parameters], made: Made | None = None
) -> list[NotebookNode]:
    """The shipped template run once per parameter set, in one kernel, names forgotten in between.

    `template` is its name, with or without `.ipynb`. Values are literals (text, numbers, yes/no, None, lists,
    dictionaries); a path is absolute text, since the kernel works in a folder of its own. The notebooks that
    come back hold report blocks only and no path. `made` is called with the number of each and the notebook as soon
    as it is whole, while the next is worked out; what it raises is raised here.
    """
    return run_notebook(read_template(template), parameter_sets, made)


def run_notebook(
    template: Template,
    parameter_sets: Sequence[Parameters],
    made: Made | None = None,
    *,
    cell_seconds: int = CELL_SECONDS,
) -> list[NotebookNode]:
    """What `run_template` does, for a template already read."""
    # Before a kernel is started: a wrong parameter should not cost seconds.
    prepared = [set_parameters(template, parameters) for parameters in parameter_sets]

    def finish(number: int, run: NotebookNode) -> None:
        _clear_of_this_machine(run, set_parameters(template, _without_paths(parameter_sets[number])))
        # Anything that is not a report block stops here, before it can be saved with the notebook.
        list(report_outputs(run))
        if made is not None:
            made(number, run)

    with DrawingRoom() as room:
        runs = _in_own_loop(lambda: _run_in_one_kernel(prepared, cell_seconds, room, finish))
        room.wait()
    return runs


async def _run_in_one_kernel(
    prepared: Sequence[Template], cell_seconds: int, room: DrawingRoom, finish: Made
) -> list[NotebookNode]:
    async with kernel_for_notebooks() as client_for:
        # A second of imports, while the kernel starts and does its own.
        import nbformat

        room.prepare()
        runs: list[NotebookNode] = []
        for number, content in enumerate(prepared):
            run = nbformat.reads(json.dumps(content), as_version=4)  # type: ignore[no-untyped-call]
            await _execute(await client_for(run, cell_seconds), room)
            room.hang(functools.partial(finish, number, run))
            runs.append(run)
        return runs


async def _execute(client: NotebookClient, room: DrawingRoom) -> None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    count = 0
    for index, cell in enumerate(client.nb.cells):
        count += cell.cell_type == "code"
        problem: OutcomesError | None = None
        try:
            await client.async_execute_cell(cell, index, execution_count=count, store_history=False)
        except CellExecutionError as error:
            problem = _own_error(cell) or ReportStopped(
                f"cell {index + 1} of the report stopped: {error.ename}"
            )
        except CellTimeoutError:
            problem = ReportStopped(
                f"cell {index + 1} of the report took longer than {client.timeout} seconds"
            )
        except DeadKernelError:
            problem = ReportStopped(f"the notebook's process ended in cell {index + 1} (out of memory?)")
        _heed_interruption()
        # Raised out here: inside `except` it would carry the library's error, which quotes records.
        if problem is not None:
            raise problem
        room.take(cell)


def _heed_interruption() -> None:
    """Ctrl-C cancels the task, which nbclient takes for a dead kernel and swallows."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _own_error(cell: NotebookNode) -> OutcomesError | None:
    """The OutcomesError that the kernel reported (see _WELCOME), as the same class with the same words."""
    for output in cell.outputs:
        told = output.get("data", {}).get(STOPPED_MIME)
        if told is not None:
            kind = getattr(errors, told["kind"], ReportStopped)
            message = told["message"]
            return kind(message.split("\n")) if kind is InvalidRecords else kind(message)
    return None


def _clear_of_this_machine(run: NotebookNode, shown: Template) -> None:
    """Sources as in the template with harmless parameters; no streams (they may quote records)."""
    for cell, original in zip(run.cells, shown["cells"], strict=True):
        cell.source = "".join(original["source"])
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.output_type != "stream"]


def _in_own_loop(work: Callable[[], Coroutine[Any, Any, list[NotebookNode]]]) -> list[NotebookNode]:
    """Runs the coroutine to its end; in a thread where a loop is running already (inside a notebook)."""
    if not _loop_is_running():
        return _run_loop(work)
    results: list[list[NotebookNode]] = []
    failures: list[BaseException] = []

    def in_thread() -> None:
        try:
            results.append(_run_loop(work))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_loop(work: Callable[[], Coroutine[Any, Any, list[NotebookNode]]]) -> list[NotebookNode]:
    # ZeroMQ needs add_reader, which Windows' default loop lacks. Ctrl-C cancels `work`, which then cleans up.
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work())


# ---- template and parameters -----------------------------------------------------------------------------


def template_folder() -> Path:
    """Where the templates lie: in the wheel beside this code, in a source checkout in `notebooks/`."""
    package = Path(__file__).parents[1]
    shipped = package / "reporting" / "templates"
    return shipped if shipped.is_dir() else package.parent / "notebooks"


def read_template(name: str) -> Template:
    known = {path.stem: path for path in sorted(template_folder().glob("*.ipynb"))}
    stem = name.removesuffix(".ipynb")
    if stem not in known:
        raise ReportStopped(f"there is no such report template; there are: {', '.join(known) or 'none'}")
    # As JSON: nbformat takes a second to import, better spent while the kernel starts.
    content: Template = json.loads(known[stem].read_text(encoding="utf-8"))
    return content


def set_parameters(template: Template, parameters: Parameters) -> Template:
    """A copy without outputs in which the cell tagged `parameters` assigns these values.

    Only names that the cell assigns already can be set; the others keep the template's value.
    """
    prepared = copy.deepcopy(dict(template))
    code = [cell for cell in prepared["cells"] if cell["cell_type"] == "code"]
    for cell in code:
        cell.update(outputs=[], execution_count=None)
    tagged = [cell for cell in code if PARAMETERS_TAG in cell["metadata"].get("tags", ())]
    if len(tagged) != 1:
        raise ReportStopped(f"a report template has one cell tagged '{PARAMETERS_TAG}', not {len(tagged)}")
    tagged[0]["source"] = _assign("".join(tagged[0]["source"]), parameters)
    return prepared


def _assign(source: str, parameters: Parameters) -> str:
    """The source with the right-hand sides of these names replaced, comments kept."""
    values = {name: node for statement in ast.parse(source).body for name, node in _assignment(statement)}
    unknown = sorted(set(parameters) - set(values))
    if unknown:
        raise ReportStopped(f"the report template has no parameter named {', '.join(unknown)}")
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
    text = b"".join(lines)
    for name in sorted(parameters, key=lambda name: values[name].lineno, reverse=True):
        node = values[name]
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        text = text[:begin] + _literal(name, parameters[name]).encode() + text[end:]
    return text.decode()


def _assignment(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        return []
    return [(target.id, value)] if isinstance(target, ast.Name) else []


def _literal(name: str, value: object) -> str:
    written = repr(value)
    try:
        same = ast.literal_eval(written) == value
    except (ValueError, SyntaxError):
        same = False
    if not same:
        raise ReportStopped(f"the parameter {name} is not a plain value (text, number, list, dictionary)")
    return written


def _without_paths(parameters: Parameters) -> Parameters:
    """Without values that may name a place on this machine; the template's own stands in the notebook."""
    return {name: value for name, value in parameters.items() if not re.search(r"[/\\]", repr(value))}
