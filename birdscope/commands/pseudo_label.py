"""`birdscope pseudo-label make|list|show|drop|keep`: a teacher's labels of soundscapes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from birdscope.commands._arguments import add_data_argument, add_ensemble_argument, positive
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import keep_outside, usable_threads
from birdscope.core.errors import UsageError

if TYPE_CHECKING:
    from birdscope.training.pseudo_store import PseudoLabels

_EPILOG = """\
Only soundscapes without labels are labelled: never a recording that is scored. A recipe with
stages makes its own; `drop` and `keep` work on those too (RUN_DIR/stages/*/pseudo).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_make(actions.add_parser("make", help="label a dataset's unlabelled soundscapes"))
    listing = actions.add_parser("list", help="the windows, the surest first")
    listing.add_argument("folder", type=Path, metavar="DIR", help="a folder of pseudo labels")
    listing.add_argument("--label", metavar="LABEL", help="by the probability of this class")
    listing.add_argument("--limit", type=positive, default=20, metavar="N")
    listing.add_argument("--power", type=float, metavar="P", help="show labels after this power")
    add_output_arguments(listing, events=False)
    showing = actions.add_parser("show", help="where they come from, and what they hold")
    showing.add_argument("folder", type=Path, metavar="DIR", help="a folder of pseudo labels")
    add_output_arguments(showing, events=False)
    for name, text in (("drop", "don't learn from windows"), ("keep", "learn from them again")):
        one = actions.add_parser(name, help=text)
        one.add_argument("folder", type=Path, metavar="DIR", help="a folder of pseudo labels")
        one.add_argument(
            "windows",
            nargs="+",
            metavar="RECORDING[@START]",
            help="a file name, or @ seconds of it",
        )
        add_output_arguments(one, events=False)


def _add_make(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    add_ensemble_argument(parser, "the teacher (TOML)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="NAME", help="also never this recording"
    )
    labels = parser.add_argument_group("labels")
    labels.add_argument("--overlap", type=float, metavar="SHARE", help="of windows (default: 0.5)")
    labels.add_argument("--pooling", choices=("clip", "segments"), help="of a window's frames")
    labels.add_argument("--power", type=float, metavar="P", help="of the probabilities")
    labels.add_argument("--mode", choices=("soft", "hard", "masked"))
    for name, text in (
        ("threshold", "of hard"),
        ("high", "of masked: positive from here on"),
        ("low", "of masked: negative up to here"),
        ("keep-above", "a window is used if its largest probability is above"),
        ("zero-below", "probabilities under this become 0"),
        ("drop-lowest", "share of windows with the smallest sums that is left out"),
    ):
        labels.add_argument(f"--{name}", type=float, metavar="P", help=text)
    machine = parser.add_argument_group("machine")
    machine.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    machine.add_argument("--threads", type=positive, metavar="N", help="CPU threads of the nets")
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make, show or edit pseudo labels."""
    if args.action == "make":
        return _make(args)
    from birdscope.training.pseudo_store import PseudoLabels

    labels = PseudoLabels.open(args.folder)
    if args.action in ("drop", "keep"):
        return _mark(labels, args)
    found = _listed(labels, args) if args.action == "list" else as_json(labels)
    if args.json:
        print_json(found)
    elif args.action == "show":
        print("\n".join(describe(labels)))
    else:
        for one in found["windows"]:
            mark = "dropped" if one["dropped"] else "used" if one["used"] else ""
            print(
                f"{one['probability']:.3f}  {one['label']:<12} {one['recording']} "
                f"@ {one['start_s']:g} s  {mark}".rstrip()
            )
    return 0


_KEYS = (
    *("overlap", "pooling", "power", "mode", "threshold", "high", "low"),
    *("keep_above", "zero_below", "drop_lowest"),
)


def _make(args: argparse.Namespace) -> int:
    keep_outside(args.data, args.out)
    with reporter(args) as emit, stopping() as stop:
        import torch

        from birdscope.core.config import parse
        from birdscope.dataset.catalog import Catalog
        from birdscope.training.pseudo_labels import make_pseudo_labels
        from birdscope.training.recipe import PseudoConfig

        given = {key: getattr(args, key) for key in _KEYS if getattr(args, key) is not None}
        config = parse(PseudoConfig, {"overlap": 0.5, **given})
        torch.set_num_threads(args.threads or usable_threads())
        labels = make_pseudo_labels(
            args.out,
            Catalog.open(args.data),
            args.ensemble,
            config,
            exclude=args.exclude,
            device=args.device,
            emit=emit,
            stop=stop,
        )
    if args.json:
        print_json(as_json(labels))
    else:
        print("\n".join(describe(labels)))
    return 0


def as_json(labels: PseudoLabels) -> dict[str, Any]:
    """Lineage and counts for a program."""
    used = labels.used()
    return {
        **labels.meta.model_dump(mode="json"),
        "folder": labels.folder,
        "windows": len(labels.keys),
        "used": int(used.sum()),
        "dropped": int(labels.dropped.sum()),
        "per_class": _per_class(labels),
    }


def _per_class(labels: PseudoLabels) -> dict[str, int]:
    """Windows used whose surest class is this one."""
    top = labels.probabilities[labels.used()].argmax(axis=1).tolist()
    counts = {label: top.count(column) for column, label in enumerate(labels.meta.classes)}
    return {label: count for label, count in counts.items() if count}


def describe(labels: PseudoLabels) -> list[str]:
    """Where pseudo labels come from and what they hold, for people."""
    meta, body = labels.meta, as_json(labels)
    config = meta.config
    shape = {
        "soft": "soft labels",
        "hard": f"hard labels from {config.threshold:g}",
        "masked": f"positive from {config.high:g}, negative up to {config.low:g}",
    }[config.mode]
    lines = [
        f"{labels.folder}: {body['used']} of {body['windows']} windows can be used, "
        f"{body['dropped']} dropped by hand",
        f"of {meta.recordings} soundscapes of {meta.dataset} "
        f"({meta.excluded} left out because they are scored, {meta.unreadable} unreadable)",
        f"made {meta.made} by {len(meta.checkpoints)} checkpoints:",
        *(f"  {one.path} ({one.fingerprint})" for one in meta.checkpoints),
        f"power {config.power:g}, {shape}, used where above {config.keep_above:g}, "
        f"0 under {config.zero_below:g}",
        "surest class of the windows used:",
    ]
    ranked = sorted(body["per_class"].items(), key=lambda item: -item[1])
    return lines + [f"  {label:<12} {count}" for label, count in ranked]


def _listed(labels: PseudoLabels, args: argparse.Namespace) -> dict[str, Any]:
    import numpy as np

    classes = labels.meta.classes
    values = labels.probabilities ** (args.power or 1.0)
    if args.label is None:
        columns = values.argmax(axis=1)
    else:
        columns = np.full(len(values), _column(args.label, classes))
    chosen = values[np.arange(len(values)), columns]
    used = labels.used()
    windows = [
        {
            "recording": labels.keys[row][0],
            "start_s": labels.keys[row][1],
            "label": classes[columns[row]],
            "probability": float(chosen[row]),
            "used": bool(used[row]),
            "dropped": bool(labels.dropped[row]),
        }
        for row in np.argsort(-chosen, kind="stable")[: args.limit].tolist()
    ]
    return {"windows": windows, "of": len(values)}


def _column(label: str, classes: tuple[str, ...]) -> int:
    from birdscope.core.errors import nearest

    if label not in classes:
        raise UsageError(
            f"there is no class {label!r}{nearest(label, classes)}", remedy="give another --label"
        )
    return classes.index(label)


def _mark(labels: PseudoLabels, args: argparse.Namespace) -> int:
    """Write dropped.csv anew with windows added or taken out."""
    from birdscope.training.pseudo_store import read_dropped, write_dropped

    named = {key for text in args.windows for key in _matching(text, labels)}
    before = read_dropped(labels.folder)
    after = before | named if args.action == "drop" else before - named
    write_dropped(labels.folder, after)
    if args.json:
        print_json({"folder": labels.folder, "dropped": len(after)})
    else:
        print(f"{labels.folder}: {len(after)} of {len(labels.keys)} windows dropped")
    return 0


def _matching(text: str, labels: PseudoLabels) -> list[tuple[str, float]]:
    """The windows of `RECORDING` or `RECORDING@START`.

    Raises:
        UsageError: if there are none.
    """
    name, at, start = text.rpartition("@") if "@" in text else (text, "", "")
    try:
        wanted_s = float(start) if at else None
    except ValueError:
        raise UsageError(
            f"{start!r} is no number of seconds", remedy="write RECORDING@12.5"
        ) from None
    found = [
        key
        for key in labels.keys
        if name in (key[0], key[0].rpartition("/")[2])
        and (wanted_s is None or abs(key[1] - wanted_s) < 0.01)
    ]
    if not found:
        raise UsageError(
            f"there is no window {text!r} among the pseudo labels",
            path=labels.folder,
            remedy="see birdscope pseudo-label list",
        )
    return found
