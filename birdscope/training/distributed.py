"""Several processes that train one model: how they start, share the work, agree and stop.

Lightning Fabric starts them and averages their gradients; a channel brings what rank 0 says
of its progress, and whatever error ends a rank, back to the process that asked.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from types import FrameType
from typing import Any, Literal, TypeVar, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from birdscope.core.errors import BirdscopeError, Cancelled, TrainingError
from birdscope.core.events import Emit, Event, Stop, silent

T = TypeVar("T")
Work = Callable[..., T]
Precision = Literal["32-true", "16-mixed", "bf16-mixed"]

_POLL_S = 0.2


@dataclass(frozen=True)
class Machine:
    """Where a model is trained.

    Attributes:
        device: "auto", "cpu" or "cuda".
        devices: Processes, one to each GPU, or so many on a CPU.
        precision: Lightning Fabric's name.
    """

    device: str = "auto"
    devices: int = 1
    precision: Precision = "32-true"

    def fabric(self) -> Fabric:
        """Fabric for this machine; with several devices it starts processes by `launch`.

        Raises:
            TrainingError: if there are fewer GPUs than asked for.
        """
        there = torch.cuda.device_count()
        cuda = self.device == "cuda" or (self.device == "auto" and there > 0)
        if self.device == "cuda" and not there:
            raise TrainingError(
                "torch finds no CUDA device here",
                remedy="use --device cpu, or install a CUDA build of torch and its driver",
            )
        if cuda and self.devices > there:
            raise TrainingError(
                f"{self.devices} devices are asked for, but torch finds {there} here",
                remedy=f"use --devices {there}, or --device cpu",
            )
        # timm_sed keeps a bn0 that it doesn't apply, as the public checkpoints do.
        several = DDPStrategy(start_method="spawn", find_unused_parameters=True)
        return Fabric(
            accelerator="cuda" if cuda else "cpu",
            devices=self.devices,
            strategy=several if self.devices > 1 else "auto",
            precision=self.precision,
        )


class Ranks:
    """This process among those that train one model; alone it agrees with itself."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric, self.rank, self.size = fabric, fabric.global_rank, fabric.world_size

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag, whether some process has set it."""
        if self.size == 1:
            return flags
        mine = torch.tensor(flags, dtype=torch.float32, device=self.fabric.device)
        total = cast(torch.Tensor, self.fabric.all_reduce(mine, reduce_op="sum"))
        return tuple((total > 0).tolist())

    def mean(self, value: float) -> float:
        """The mean of every process's value."""
        if self.size == 1:
            return value
        mine = torch.tensor(value, dtype=torch.float64, device=self.fabric.device)
        return float(cast(torch.Tensor, self.fabric.all_reduce(mine, reduce_op="mean")))

    def from_main(self, make: Callable[[], T]) -> T:
        """What rank 0 makes, in every process; the others wait."""
        value = make() if self.is_main else None
        return cast(T, value if self.size == 1 else self.fabric.broadcast(value, src=0))

    def wait(self) -> None:
        """Until every process is here."""
        self.fabric.barrier()


def run_on(
    machine: Machine, work: Work[T], *args: Any, emit: Emit = silent, stop: Stop | None = None
) -> T:
    """Call `work(fabric, *args, emit=…, stop=…)` here, or in `machine.devices` processes.

    Args:
        machine: Where.
        work: A function of a module, so that other processes can import it.
        args: Can be pickled.
        emit: Hears rank 0.
        stop: Ends every process at the same step.

    Returns:
        What rank 0 returned.

    Raises:
        BirdscopeError: the one that ended a process.
        TrainingError: if a process died without one.
    """
    fabric = machine.fabric()
    if machine.devices == 1:
        return work(fabric, *args, emit=emit, stop=stop)
    with _Channel(emit, stop) as channel:
        threads = max(1, torch.get_num_threads() // machine.devices)
        try:
            launch: Callable[..., Any] = fabric.launch  # typed as if it passed no arguments on
            parcel = pickle.dumps((work, args))  # Fabric refuses to look into dataclasses
            launch(_rank, parcel, channel.queue, channel.stopped, threads)
        except Exception as error:
            raise channel.reason(error) from error
        finally:
            os.environ.pop("MASTER_PORT", None)
    return cast(T, channel.result)


def _rank(fabric: Fabric, parcel: bytes, channel: Any, stopped: Any, threads: int) -> None:
    """One process's life."""
    work, args = pickle.loads(parcel)
    _leave_ctrl_c_to_the_parent()
    torch.set_num_threads(threads)
    main = fabric.global_rank == 0

    def tell(event: Event) -> None:
        channel.put(("event", event))

    try:
        result = work(fabric, *args, emit=tell if main else silent, stop=_SharedStop(stopped))
    except BirdscopeError as error:
        channel.put(("error", _portable(error)))
        raise
    if main:
        channel.put(("result", result))


def _portable(error: BirdscopeError) -> BirdscopeError:
    """The error, if it can be pickled, else one of the same words."""
    try:
        pickle.dumps(error)
    except Exception:
        return TrainingError(error.what, path=error.path, remedy=error.remedy)
    return error


def _leave_ctrl_c_to_the_parent() -> None:
    """Ctrl+C reaches the whole group; the parent decides. Without a parent there is no work."""
    parent = os.getppid()

    def heed(number: int, frame: FrameType | None) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGINT, heed)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _SharedStop(Stop):
    """A Stop that another process sets."""

    def __init__(self, flag: Any) -> None:
        super().__init__()
        self._event = flag


class _Channel:
    """Carries events and errors from the ranks, and the stop to them, while they run."""

    def __init__(self, emit: Emit, stop: Stop | None) -> None:
        context = get_context("spawn")
        self.queue = context.Queue()
        self.stopped = context.Event()
        self.result: Any = None
        self._errors: list[BirdscopeError] = []
        self._emit, self._stop = emit, stop
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._relay, name="ranks", daemon=True)

    def __enter__(self) -> _Channel:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        self.queue.close()

    def reason(self, error: Exception) -> BirdscopeError:
        """Why the ranks ended: an error that one of them told, or how it died."""
        self._over.set()
        self._thread.join()
        told = sorted(self._errors, key=lambda one: isinstance(one, Cancelled))
        if told:
            return told[0]
        if self._stop is not None and self._stop:
            return Cancelled("stopped on request; what was finished is kept")
        lines = str(error).strip().splitlines()
        return TrainingError(
            f"a training process died: {lines[-1] if lines else type(error).__name__}",
            remedy="see the log; a process that the system killed mostly lacked memory: lower "
            "optim.batch_size, data.cache_mb or --devices",
        )

    def _relay(self) -> None:
        over = False
        while not over:
            over = self._over.is_set()
            if self._stop is not None and self._stop:
                self.stopped.set()
            for kind, content in self._waiting():
                if kind == "event":
                    self._emit(content)
                elif kind == "error":
                    self._errors.append(content)
                else:
                    self.result = content

    def _waiting(self) -> Iterator[tuple[str, Any]]:
        """What has come by now; waits a moment for the first."""
        try:
            yield self.queue.get(timeout=_POLL_S)
            while True:
                yield self.queue.get_nowait()
        except (queue.Empty, EOFError, OSError):
            return


@contextmanager
def only_last_backward_syncs(fabric: Fabric, model: Any, *, last: bool) -> Iterator[None]:
    """Gradients of accumulated batches cross to other processes once, with the last."""
    with fabric.no_backward_sync(model, enabled=not last and fabric.world_size > 1):
        yield
