"""`birdscope doctor`: what works on this machine, what doesn't, and how to mend it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from birdscope.core import paths
from birdscope.core.units import size

Level = Literal["ok", "note", "problem"]

PACKAGES = (
    "textual",
    "torch",
    "torchaudio",
    "timm",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "soundfile",
    "sounddevice",
    "soxr",
    "plotext",
    "scikit-learn",
    "lightning-fabric",
    "safetensors",
    "pydantic",
)
FREE_BYTES_WANTED = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        level: ok; note (a feature is missing, the rest works); problem (birdscope won't work).
        subject: What was looked at.
        text: What was found.
        remedy: How to get it, where something is missing.
    """

    level: Level
    subject: str
    text: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `birdscope doctor`."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(args: argparse.Namespace) -> int:
    """Print every finding; exit code 1 if one is a problem, else 0."""
    findings = [finding for check in CHECKS for finding in check()]
    if args.json:
        from birdscope.commands._output import print_json

        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings)
    return 1 if any(finding.level == "problem" for finding in findings) else 0


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape

    marks = {"ok": "[green]✓[/]", "note": "[yellow]●[/]", "problem": "[red]✗[/]"}
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(f"{marks[finding.level]} {finding.subject:<12} {escape(finding.text)}")
        if finding.remedy:
            console.print(f"  {'':<12} [dim]→ {escape(finding.remedy)}[/]")


def _python() -> Iterator[Finding]:
    yield Finding("ok", "python", sys.version.split()[0])


def _packages() -> Iterator[Finding]:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding("ok", "packages", ", ".join(found))
    if missing:
        yield Finding(
            "problem", "packages", f"missing: {', '.join(missing)}", "run `make install` again"
        )
    yield from _torch_pair()


def _torch_pair() -> Iterator[Finding]:
    """Torch and torchaudio must come from the same release, or torchaudio won't load."""
    if util.find_spec("torch") is None or util.find_spec("torchaudio") is None:
        return
    try:
        import torch
        import torchaudio  # noqa: F401 - loading it is the check
    except (ImportError, OSError, RuntimeError) as error:
        yield Finding(
            "problem",
            "torch",
            f"torch and torchaudio don't load together: {str(error).splitlines()[0]}",
            "install the same release of both, e.g. torch==2.11.* torchaudio==2.11.*",
        )
        return
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
        yield Finding("ok", "accelerator", ", ".join(names))
    else:
        cores = os.cpu_count() or 1
        yield Finding("ok", "accelerator", f"none; models run on the CPU ({cores} cores)")


def _nets() -> Iterator[Finding]:
    """Which backend runs the nets, and what the CPU has for its precisions."""
    from birdscope.core.cpu import cpu_features, usual_backend

    has = cpu_features()
    words = (
        f"bfloat16 (precision fast): {_yes(has.bfloat16)}, 8-bit integers (VNNI): {_yes(has.vnni)}"
    )
    cpu = words if has.known else "this system doesn't tell what the CPU has"
    if usual_backend() == "openvino":
        number = metadata.version("openvino")
        yield Finding("ok", "nets", f"OpenVINO {number} on the CPU, precision exact; {cpu}")
    elif os.environ.get("BIRDSCOPE_BACKEND") == "torch":
        yield Finding("ok", "nets", f"torch, as BIRDSCOPE_BACKEND says; {cpu}")
    elif util.find_spec("openvino") is not None:
        yield Finding("ok", "nets", f"torch on the accelerator; {cpu}")
    else:
        yield Finding(
            "note",
            "nets",
            f"torch: OpenVINO, which is faster on a CPU, is not installed; {cpu}",
            "pip install 'birdscope[openvino]'",
        )


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def _sound() -> Iterator[Finding]:
    from birdscope.audio.player import audio_available

    works, text = audio_available()
    what, _, remedy = text.partition("\n")
    if works:
        yield Finding("ok", "sound", what)
    else:
        yield Finding("note", "sound", f"{what}; all else works", remedy.strip(" →"))


def _terminal() -> Iterator[Finding]:
    if os.environ.get("NO_COLOR"):
        yield Finding("note", "colours", "NO_COLOR is set: pictures use characters", "unset it")
    elif os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        yield Finding("ok", "colours", "true colour")
    else:
        yield Finding(
            "note",
            "colours",
            f"TERM={os.environ.get('TERM', '')} without COLORTERM: pictures use 256 colours",
            "use a true-colour terminal and `export COLORTERM=truecolor` (in ssh: SendEnv)",
        )
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        yield Finding(
            "note", "text", f"the terminal's encoding is {encoding}", "export LANG=C.UTF-8"
        )


def _folders() -> Iterator[Finding]:
    for subject, folder in (("models", paths.models()), ("sessions", paths.sessions())):
        yield _folder(subject, folder)
    ensembles = sorted(path.name for path in paths.models().glob("*.toml"))
    if ensembles:
        yield Finding("ok", "ensembles", ", ".join(ensembles))
    else:
        yield Finding("note", "ensembles", "none found", f"put ensemble files in {paths.models()}")


def _folder(subject: str, folder: Path) -> Finding:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return Finding(
            "problem",
            subject,
            f"{folder} can't be written",
            "set BIRDSCOPE_HOME to a folder of yours",
        )
    free = shutil.disk_usage(existing).free
    if free < FREE_BYTES_WANTED:
        return Finding("note", subject, f"{folder}: only {size(free)} free", "make room there")
    return Finding("ok", subject, f"{folder} ({size(free)} free)")


def _hub() -> Iterator[Finding]:
    """Pretrained backbones come from a hub; without one everything but `pretrained` works."""
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        yield Finding("note", "hub", "HF_HUB_OFFLINE=1: no pretrained weights", "unset it")
        return
    import socket
    from urllib.parse import urlsplit

    from huggingface_hub.constants import ENDPOINT

    try:
        socket.create_connection((urlsplit(ENDPOINT).hostname, 443), timeout=2).close()
    except OSError as error:
        yield Finding(
            "note",
            "hub",
            f"the model hub is out of reach ({error}); all but pretrained = true works",
            "train from scratch, or give the recipe a local file of weights",
        )
    else:
        yield Finding("ok", "hub", "the model hub answers")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _packages,
    _nets,
    _sound,
    _terminal,
    _folders,
    _hub,
)
