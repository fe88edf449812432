"""A script with `# %%` cells as a Jupyter notebook (nbformat 4.5), with the same code."""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

MARK = "# %%"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: markdown or code, without the blank lines around it."""

    kind: Literal["markdown", "code"]
    source: str


def kaggle_script() -> str:
    """The text of the script that runs in the notebook."""
    return Path(__file__).with_name("kaggle_script.py").read_text(encoding="utf-8")


def cells_of(script: str) -> tuple[Cell, ...]:
    """The cells of a script; its docstring becomes the first one, in markdown."""
    head, *parts = _split(script)
    docstring = ast.get_docstring(ast.parse(head))
    title = [Cell("markdown", f"# {docstring}")] if docstring else []
    return (*title, *(_cell(part) for part in parts))


def notebook_of(script: str) -> dict[str, Any]:
    """A notebook of the script's cells, ready for `json.dumps`."""
    return {
        "cells": [_as_json(number, cell) for number, cell in enumerate(cells_of(script))],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def notebook_text(script: str) -> str:
    """The notebook as the text of an .ipynb file."""
    return json.dumps(notebook_of(script), indent=1, ensure_ascii=False) + "\n"


def _split(script: str) -> list[str]:
    """The text before the first mark, then one text per cell beginning with its mark."""
    parts: list[list[str]] = [[]]
    for line in script.splitlines():
        if line.startswith(MARK):
            parts.append([])
        parts[-1].append(line)
    return ["\n".join(lines) for lines in parts]


def _cell(part: str) -> Cell:
    mark, _, body = part.partition("\n")
    if "[markdown]" not in mark:
        return Cell("code", body.strip("\n"))
    lines = (line.removeprefix("#").removeprefix(" ") for line in body.strip("\n").splitlines())
    return Cell("markdown", "\n".join(lines))


def _as_json(number: int, cell: Cell) -> dict[str, Any]:
    body: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": hashlib.sha256(f"{number}{cell.source}".encode()).hexdigest()[:12],
        "metadata": {},
        "source": cell.source.splitlines(keepends=True),
    }
    return body | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})
