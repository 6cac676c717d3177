"""Run an audit on several machines with Dask: `pip install connect-stream-checker[cluster]`.

The workers need the package and their own credentials. If a worker dies, its unit goes to another worker.
Units in the journal are not repeated.

Dask sends Python objects as pickles in both directions, so the scheduler and the workers must be trusted fully.
https://distributed.dask.org/en/stable/tls.html
https://distributed.dask.org/en/stable/resilience.html
"""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from checker.core.errors import InputError
from checker.live.audit.executor import UnitExecutor, Worker
from checker.live.aws.session import Sessions

if TYPE_CHECKING:
    from distributed import Client

    from checker.live.audit.plan import Plan
    from checker.live.aws.access import Unit


class ClusterLostError(InputError):
    """Raised if the cluster no longer works on the audit. The journal contains the finished units."""


_SECONDS = 10
"""Time in seconds for the scheduler to answer, and for a worker to appear."""
_LOST_AFTER = 30
"""Time in seconds that a scheduler may be missing during an audit before the audit ends."""
_CERTIFICATES = (
    "set `distributed.comm.tls` in Dask's configuration: a CA file, and a certificate and key for clients"
)
_WORKERS = "start some with `dask worker {address}`"


def cluster(plan: Plan, address: str) -> UnitExecutor:
    """Connect to the scheduler at an address. Raises InputError if Dask, the scheduler or all workers are missing."""
    try:
        from distributed import Client  # optional dependency: 80 MB
    except ImportError:
        help_text = "pip install 'connect-stream-checker[cluster]'"
        raise InputError("--dask", "Dask is not installed", help_text=help_text) from None
    try:
        asyncio.run(asyncio.wait_for(_shake_hands(address), _SECONDS))
        client = Client(address, timeout=_SECONDS, set_as_default=False)
    except TypeError as error:
        reason = f"Dask has no certificates for `{address}`: {error}"
        raise InputError("--dask", reason, help_text=_CERTIFICATES) from None
    except Exception as error:  # noqa: BLE001 - Dask raises errors of its own and of its transports
        reason = str(error) or f"no answer within {_SECONDS} seconds"
        help_text = "use an address like tls://HOST:8786, as `dask scheduler` prints it"
        raise InputError("--dask", f"no scheduler at `{address}`: {reason}", help_text=help_text) from None
    _await_worker(client, address)
    executor = client.get_executor(pure=False, retries=3)
    return UnitExecutor(
        executor,
        partial(work_on, plan),
        max(1, sum(client.nthreads().values())),
        dismiss=lambda: client.close(timeout=2),
        check=_Watch(client, address),
    )


@lru_cache(maxsize=4)
def worker_for(plan: Plan) -> Worker:
    """Return this process's worker for a plan. It is cached so that a cluster machine keeps its clients."""
    return Worker(plan, Sessions(plan.access))


def work_on(plan: Plan, unit: Unit) -> dict[str, Any]:
    """Audit a unit on a cluster machine."""
    return worker_for(plan).work(unit)


async def _shake_hands(address: str) -> None:
    """Connect to a scheduler and disconnect. A client would wait forever if an open port does not answer."""
    from distributed.comm import connect
    from distributed.security import Security

    comm = await connect(address, timeout=_SECONDS, **Security().get_connection_args("client"))
    await comm.close()


def _await_worker(client: Client, address: str) -> None:
    """Wait briefly for the first worker, since an audit without workers would never finish. Raises InputError."""
    try:
        client.wait_for_workers(1, timeout=_SECONDS)
    except (OSError, TimeoutError):
        client.close(timeout=2)
        reason = f"the scheduler at `{address}` has no workers"
        raise InputError("--dask", reason, help_text=_WORKERS.format(address=address)) from None


class _Watch:
    """Checks that the cluster is still reachable while an audit waits for it."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address
        self._since: float | None = None

    def __call__(self) -> None:
        """Raise ClusterLostError if the scheduler or all workers have been missing for too long."""
        missing = self._missing()
        now = time.monotonic()
        if not missing:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since > _LOST_AFTER:
            raise ClusterLostError(
                "--dask",
                f"{missing} for {_LOST_AFTER} seconds",
                help_text="start a scheduler and workers, then resume the audit",
            )

    def _missing(self) -> str:
        if self._client.status != "running":
            return f"the scheduler at `{self._address}` has not answered"
        try:
            workers = self._client.nthreads()
        except Exception:  # noqa: BLE001 - Dask raises various errors without its scheduler
            return f"the scheduler at `{self._address}` has not answered"
        return "" if workers else f"the scheduler at `{self._address}` has had no workers"
