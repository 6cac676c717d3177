"""An audit on more than one machine, by Dask: `pip install connect-stream-checker[cluster]`.

The workers need the package and credentials of their own. A unit whose worker dies is handed to another one;
what is journalled is not worked on again.

Dask sends Python objects as pickles, in both directions: the scheduler and the workers are trusted like this process.
https://distributed.dask.org/en/stable/tls.html
https://distributed.dask.org/en/stable/resilience.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.text import InputError
from checker.live.audit.crew import Crew, on_cluster

if TYPE_CHECKING:
    from checker.live.audit.plan import Plan

_PATIENCE = "10s"


def cluster(plan: Plan, address: str) -> Crew:
    """Join the scheduler at an address. Raises InputError where Dask is not installed or nobody answers."""
    try:
        from distributed import Client  # no dependency of the core: 80 MB
    except ImportError:
        help_text = "install `connect-stream-checker[cluster]`"
        raise InputError("--dask", "Dask is not installed", help_text=help_text) from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        help_text = "it looks like tls://HOST:8786, and `dask scheduler` prints it"
        raise InputError("--dask", f"no scheduler at `{address}`: {error}", help_text=help_text) from None
    executor = client.get_executor(pure=False, retries=3)
    return on_cluster(
        plan, executor, max(1, sum(client.nthreads().values())), lambda: client.close(timeout=2)
    )
