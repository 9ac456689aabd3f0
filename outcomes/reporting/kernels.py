"""The notebook's process: this Python, alone in a private folder, gone without a trace afterwards."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from outcomes.errors import ReportStopped
from outcomes.files import remove, scratch_folder

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbformat import NotebookNode

STOPPED_MIME = "application/vnd.outcomes.stopped+json"
START_SECONDS = 120
# Systems allow 104 to 108 characters in the address of a socket file.
_LONGEST_SOCKET_ADDRESS = 96

# The kernel's first code, sent at once: its imports run while this process is still importing its own.
_WELCOME = """
import sys
if {root!r} not in sys.path:
    sys.path.insert(0, {root!r})
from outcomes.errors import OutcomesError

def _tell_stop(shell, kind, error, trace, tb_offset=None):
    from IPython.display import publish_display_data
    publish_display_data({{{mime!r}: {{"kind": kind.__name__, "message": str(error)}}}})
    return []

get_ipython().set_custom_exc((OutcomesError,), _tell_stop)
import outcomes.reporting.contents
import gc
from functools import partial
from IPython.display import display
from outcomes.reporting.drawings import hand_drawings_on
hand_drawings_on(partial(display, raw=True))
# Modules are for good: nothing that they hold has to be looked at again each time something is cleared away.
gc.freeze()
"""
_FORGET_NAMES = "get_ipython().reset(new_session=False)"


NewClient: TypeAlias = Callable[["NotebookNode", int], Coroutine[Any, Any, "NotebookClient"]]


@contextlib.asynccontextmanager
async def kernel_for_notebooks() -> AsyncIterator[NewClient]:
    """A kernel of this Python in a private folder; gives clients for notebooks and ends with the block."""
    folder = scratch_folder()
    manager = _kernel_manager(folder)
    try:
        silent = subprocess.DEVNULL
        await manager.start_kernel(
            cwd=str(folder), env=_kernel_environment(folder), stdout=silent, stderr=silent
        )
        # One context for all sockets, and ours to end: a client's own waits for messages that nobody takes any more,
        # for ever where this process was stopped while the kernel was starting.
        channels = manager.client(context=manager.context)
        try:
            channels.start_channels()
            channels.allow_stdin = False
            root = str(Path(__file__).parents[2])
            welcome = channels.execute(_WELCOME.format(root=root, mime=STOPPED_MIME), silent=True)
            used = False

            async def client_for(notebook: NotebookNode, cell_seconds: int) -> NotebookClient:
                nonlocal used
                if used:
                    channels.execute(_FORGET_NAMES, silent=True)
                else:
                    await _wait_until_ready(manager, channels, welcome)
                used = True
                return _client(notebook, manager, channels, cell_seconds)

            yield client_for
        finally:
            channels.stop_channels()
    finally:
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)
        remove(folder)


async def _wait_until_ready(manager: AsyncKernelManager, channels: Any, welcome: str) -> None:
    """Until the kernel has run its first code, and is heard where it publishes. Raises ReportStopped."""
    begun = time.monotonic()
    asked, kind = welcome, "execute_reply"
    while not (
        await _said(channels.shell_channel, asked, kind, seconds=1)
        # Whoever listens too late hears nothing; then it is asked again until it is heard.
        and await _said(channels.iopub_channel, asked, "status", seconds=0.05, execution_state="idle")
    ):
        if time.monotonic() - begun > START_SECONDS or not await manager.is_alive():
            raise ReportStopped("the notebook's process did not start")
        asked, kind = channels.kernel_info(), "kernel_info_reply"


async def _said(channel: Any, to: str, kind: str, *, seconds: float, **content: str) -> bool:
    """Whether this answer to a message comes, with such a content, before nothing has come for so many seconds."""
    while True:
        try:
            heard = await channel.get_msg(timeout=seconds)
        except queue.Empty:
            return False
        answers = heard["parent_header"].get("msg_id") == to and heard["msg_type"] == kind
        if answers and content.items() <= heard["content"].items():
            return True


def _client(
    notebook: NotebookNode, manager: AsyncKernelManager, channels: Any, cell_seconds: int
) -> NotebookClient:
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        km=manager,
        timeout=cell_seconds,
        record_timing=False,
        log=_silent_log(),
        force_raise_errors=True,
    )
    client.kc = channels
    return client


def _kernel_manager(folder: Path) -> AsyncKernelManager:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    class OwnKernel(KernelSpecManager):
        """This Python and nothing that is installed at the machine under the name of a kernel."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            options = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=50"]
            return KernelSpec(argv=command + options, display_name="outcomes", language="python")

    manager = AsyncKernelManager(
        kernel_spec_manager=OwnKernel(log=_silent_log()),
        connection_file=str(folder / "kernel.json"),
        log=_silent_log(),
    )
    if os.name == "posix" and len(str(folder / "kernel-ipc-1")) < _LONGEST_SOCKET_ADDRESS:
        manager.transport = "ipc"
    return manager


def _kernel_environment(folder: Path) -> dict[str, str]:
    """The caller's environment, without what would make the kernel differ between people and machines."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONSTARTUP"}
    private = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    quiet = {"JUPYTER_NO_CONFIG": "1", "JUPYTER_PATH": "", "JUPYTER_CONFIG_PATH": "", "MPLBACKEND": "agg"}
    # What the engine spills lies in the kernel's folder too, and goes with it however the kernel ends.
    spills = {name: str(folder) for name in ("TMPDIR", "TEMP", "TMP")}
    return {**kept, **{name: str(folder / "jupyter") for name in private}, **quiet, **spills}


def _silent_log() -> logging.Logger:
    log = logging.getLogger("outcomes.notebook")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return log
