"""Predict the hidden soundscapes of a BirdCLEF competition with a birdscope bundle.

Runs in a Kaggle notebook without internet, with nothing but Python's own library. It finds the
bundle and the competition's data by what is in them, verifies the bundle's checksums, installs
the wheels that the image lacks, runs `birdscope submit` under a time limit, and checks the file.

Where the soundscapes are hidden ones, `submission.csv` always has every row: if the model fails,
the rows are filled with each class's share of the training data, and the log says so in capitals.
In the preview that Kaggle runs first (no test soundscapes) a failure is raised instead, because
there it costs nothing to mend it.

Settings, all optional, from the environment: BIRDSCOPE_BUNDLE and BIRDSCOPE_DATA (folders),
BIRDSCOPE_OUT (the file), BIRDSCOPE_MINUTES (the limit, counted from here).
"""

# %%
import csv
import hashlib
import json
import math
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from importlib import metadata
from pathlib import Path
from typing import Any

STARTED_S = time.monotonic()
INPUT = Path("/kaggle/input")
OUT = Path(os.environ.get("BIRDSCOPE_OUT", "submission.csv"))
REPORT = OUT.with_name("birdscope-report.json")
MANIFEST = "birdscope-bundle.json"
WINDOW_S = 5
USUAL_WINDOWS = 12
ATTEMPTS = 5
# After its limit `birdscope submit` gets this long before it is stopped from outside; writing
# what is there, without running models, takes some 30 s on a slow machine.
PATIENCE_S = 60.0
WRITING_S = 180.0
# The exit code of a file that was written, but that birdscope's own check complains about.
COMPLAINT = 8
QUIET_S = 30.0


def say(*texts: object) -> None:
    """Print at once, with the minutes since the start."""
    minutes = (time.monotonic() - STARTED_S) / 60
    print(f"[{minutes:5.1f} min]", *texts, flush=True)


# %% [markdown]
# ## The bundle and the data
# Kaggle mounts inputs at different depths, so both are found by what they contain.


# %%
def folders(root: Path, depth: int = 4) -> list[Path]:
    """Folders under `root`, not further down than `depth`, without those full of sounds."""
    found = [root] if root.is_dir() else []
    if depth > 0:
        for entry in sorted(found[0].iterdir()) if found else []:
            if entry.is_dir() and not entry.name.endswith(("_audio", "_soundscapes")):
                found += folders(entry, depth - 1)
    return found


def find_bundle() -> Path:
    """The folder with the manifest; of several the one that was built last."""
    given = os.environ.get("BIRDSCOPE_BUNDLE")
    places = [Path(given)] if given else folders(INPUT)
    bundles = [place for place in places if (place / MANIFEST).is_file()]
    if not bundles:
        raise FileNotFoundError(
            f"no {MANIFEST} under {given or INPUT}: attach the bundle's dataset to the notebook"
        )
    if len(bundles) > 1:
        say("several bundles are attached, the one built last is used:", *bundles)
    return max(bundles, key=lambda place: str(read_manifest(place).get("built", "")))


def read_manifest(bundle: Path) -> dict[str, Any]:
    """What the bundle says of itself."""
    manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
    return dict(manifest)


def find_data(competition: str = "") -> Path:
    """The competition's folder: with a sample_submission.csv and a folder of soundscapes."""
    given = os.environ.get("BIRDSCOPE_DATA")
    if given:
        return Path(given)
    found = [
        place
        for place in folders(INPUT)
        if (place / "sample_submission.csv").is_file()
        and ((place / "test_soundscapes").is_dir() or (place / "train_soundscapes").is_dir())
    ]
    if not found:
        raise FileNotFoundError(f"no competition data under {INPUT}: attach the competition")
    return next((place for place in found if place.name == competition), found[0])


def soundscapes(data: Path) -> list[Path]:
    """The hidden test soundscapes, by name; empty in a preview."""
    folder = data / "test_soundscapes"
    endings = (".ogg", ".wav", ".flac", ".mp3")
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if one.suffix.lower() in endings)


# %% [markdown]
# ## Checksums and wheels
# Only what the image lacks is installed, from the bundle, without dependencies.


# %%
def changed_files(bundle: Path, manifest: dict[str, Any]) -> list[str]:
    """Files of the bundle that are missing or not what was uploaded."""
    problems = []
    for name, expected in manifest["sha256"].items():
        path = bundle / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif sha256(path) != expected:
            problems.append(f"{name} is not what was built (checksum)")
    return problems


def sha256(path: Path) -> str:
    """The checksum of a file, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def version_of(package: str) -> str | None:
    """The installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def numbers(version: str) -> tuple[int, ...]:
    """The release of a version as numbers: '2.6.0+cpu' → (2, 6)."""
    release = re.match(r"\d+(\.\d+)*", version)
    parts = [int(part) for part in release.group().split(".")] if release else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def suits(version: str | None, specifier: str) -> bool:
    """Whether an installed version is within bounds like '>=2.6,<2.12'."""
    if version is None:
        return False
    for sign, wanted in re.findall(r"([<>=!~]=?)\s*([\w.]+)", specifier):
        have, want = numbers(version), numbers(wanted)
        if (sign == ">=" and have < want) or (sign == "<" and have >= want):
            return False
    return True


def install(bundle: Path, manifest: dict[str, Any]) -> None:
    """Install birdscope and those wheels whose package the image lacks or has too old."""
    needs = manifest["requirements"]
    wanted = [
        f"{name}=={version}"
        for name, version in manifest["wheels"].items()
        if name == "birdscope" or not suits(version_of(name), needs.get(name, ""))
    ]
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    offline = ["--no-index", "--no-deps", "--force-reinstall", "--find-links"]
    say("installing", *wanted)
    done = subprocess.run(
        [*pip, *offline, str(bundle / "wheels"), *wanted],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"pip failed:\n{done.stdout}")
    for name, specifier in needs.items():
        version = version_of(name)
        if not suits(version, specifier):
            say(f"NOTE: {name} is {version or 'not there'}, birdscope asks for {specifier}")


# %% [markdown]
# ## Prediction
# `birdscope submit` keeps the limit itself: it leaves checkpoints out when the end is projected
# too late. A run that dies goes on where it was; one that hangs is stopped, and what is there is
# written.


# %%
def predict(bundle: Path, manifest: dict[str, Any], data: Path, limit_s: float) -> str:
    """Write the submission; says how it came about.

    Raises:
        RuntimeError: if no attempt ended with a file.
    """
    OUT.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="birdscope-") as work:
        done = 0
        for attempt in range(1, ATTEMPTS + 1):
            left_s = limit_s - (time.monotonic() - STARTED_S)
            if left_s <= 0:
                break
            code = submit(bundle, manifest, data, Path(work), left_s, PATIENCE_S)
            if code == 0 or (code == COMPLAINT and OUT.is_file()):
                return f"predicted at attempt {attempt}"
            say(f"attempt {attempt} ended with code {code}")
            before, done = done, predicted(Path(work))
            if done == before:
                break
        if done and submit(bundle, manifest, data, Path(work), 0.0, WRITING_S) == 0:
            return f"written from the {done} recordings predicted before the failure"
    raise RuntimeError("birdscope submit wrote no file")


def predicted(work: Path) -> int:
    """Recordings that are predicted."""
    marks = work / "scores" / "recordings.jsonl"
    return marks.read_bytes().count(b"\n") if marks.is_file() else 0


def submit(
    bundle: Path,
    manifest: dict[str, Any],
    data: Path,
    work: Path,
    limit_s: float,
    patience_s: float,
) -> int:
    """One run of `birdscope submit`; its exit code, or that of a kill when it overran."""
    command = [
        *(sys.executable, "-m", "birdscope", "submit"),
        *("--data", str(data), "--ensemble", str(bundle / manifest["ensemble"])),
        *("--settings", str(bundle / manifest["settings"]), "--out", str(OUT)),
        *("--scores", str(work / "scores"), "--time-limit", f"{limit_s / 60:.4f}"),
        *("--debug-limit", str(manifest["preview_recordings"])),
    ]
    if manifest["drop_order"]:
        command += ["--drop-order", *manifest["drop_order"]]
    quiet = {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "BIRDSCOPE_CACHE": str(work / "cache")}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **quiet},
    )
    reader = threading.Thread(target=show, args=(process,), daemon=True)
    reader.start()
    try:
        code = process.wait(limit_s + patience_s)
    except subprocess.TimeoutExpired:
        say("it overran its limit and is stopped")
        process.kill()
        code = process.wait()
    reader.join(5)
    return code


def show(process: subprocess.Popen[str]) -> None:
    """Print what a process says; of its progress lines one in a while."""
    last_s = -math.inf
    for line in process.stdout or ():
        if re.match(r"\d+/\d+ ", line):
            if time.monotonic() - last_s < QUIET_S:
                continue
            last_s = time.monotonic()
        say(line.rstrip())


# %% [markdown]
# ## The last resort
# Every row, each class at its share of the training recordings. Worth 0.5, but a valid file.


# %%
def windows_of(path: Path) -> int:
    """Windows of 5 s in a recording: those of an Ogg by its last page, else 12."""
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
            file.seek(max(0, path.stat().st_size - 3 * 65_307))
            tail = file.read()
        (rate_hz,) = struct.unpack_from("<I", head, head.index(b"\x01vorbis") + 12)
        (frames,) = struct.unpack_from("<Q", tail, tail.rindex(b"OggS") + 6)
        return max(1, int(frames / rate_hz / WINDOW_S + 0.5))
    except (OSError, ValueError, struct.error, ZeroDivisionError):
        return USUAL_WINDOWS


def read_sample(data: Path) -> tuple[list[str], list[str]]:
    """The columns after row_id, and the row names, of sample_submission.csv."""
    with open(data / "sample_submission.csv", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        columns = next(rows)[1:]
        return columns, [row[0] for row in rows if row]


def wanted_rows(data: Path) -> list[str]:
    """Every row of every hidden soundscape; in a preview those of the sample."""
    _, sample = read_sample(data)
    files = soundscapes(data)
    ours = [
        f"{path.stem}_{(index + 1) * WINDOW_S}"
        for path in files
        for index in range(windows_of(path))
    ]
    if files and not set(sample) & set(ours):
        return ours
    return [*sample, *(name for name in ours if name not in set(sample))]


def shares(data: Path, columns: list[str]) -> list[float]:
    """Each class's share of train.csv, never 0; equal shares where there is no train.csv."""
    counts = dict.fromkeys(columns, 1)
    try:
        with open(data / "train.csv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("primary_label") in counts:
                    counts[row["primary_label"]] += 1
    except OSError:
        say("there is no train.csv, every class gets the same value")
    total = sum(counts.values())
    return [round(count / total, 8) for count in counts.values()]


def write_fallback(data: Path) -> None:
    """Write every row without any model."""
    columns, _ = read_sample(data)
    values = shares(data, columns)
    temporary = OUT.with_name(OUT.name + ".part")
    with open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row_id", *columns])
        writer.writerows([name, *values] for name in wanted_rows(data))
    temporary.replace(OUT)


# %% [markdown]
# ## The check


# %%
def check(data: Path) -> list[str]:
    """What is wrong with the file; empty where Kaggle would take it."""
    columns, sample = read_sample(data)
    stems = {path.stem for path in soundscapes(data)}
    names = []
    with open(OUT, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if next(rows, []) != ["row_id", *columns]:
            return ["the columns are not those of sample_submission.csv"]
        for row in rows:
            names.append(row[0])
            if len(row) != len(columns) + 1:
                return [f"row {row[0]} has {len(row) - 1} values, not {len(columns)}"]
            if not all(0.0 <= float(value) <= 1.0 for value in row[1:]):
                return [f"row {row[0]} has a value outside 0 to 1"]
    there = {name.rpartition("_")[0] for name in names}
    asked = [name for name in sample if name.rpartition("_")[0] in stems]
    missing = [*sorted(stems - there), *sorted(set(asked) - set(names))]
    problems = [f"no rows for {', '.join(missing[:3])} ({len(missing)} in all)"] if missing else []
    if len(set(names)) < len(names):
        problems.append("some rows are there twice")
    return problems if names else ["there are no rows"]


# %% [markdown]
# ## Run


# %%
def run(bundle: Path, manifest: dict[str, Any], data: Path) -> str:
    """Verify, install, predict; says how the file came about.

    Raises:
        RuntimeError: if it can't be done.
    """
    changed = changed_files(bundle, manifest)
    for problem in changed:
        say("WARNING:", problem)
    if changed and not soundscapes(data):
        raise RuntimeError("the bundle was not uploaded as it was built")
    install(bundle, manifest)
    limit_s = 60 * float(os.environ.get("BIRDSCOPE_MINUTES", manifest["minutes"]))
    return predict(bundle, manifest, data, limit_s)


def main() -> dict[str, Any]:
    """Write submission.csv whatever happens, and say how."""
    manifest: dict[str, Any] = {}
    problems: list[str] = []
    how = "FALLBACK"
    try:
        bundle = find_bundle()
        manifest = read_manifest(bundle)
        say("bundle", manifest["name"], "in", bundle)
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
    data = find_data(manifest.get("competition", ""))
    hidden = soundscapes(data)
    say("data in", data, f"with {len(hidden)} test soundscapes")
    if not problems:
        try:
            how = run(bundle, manifest, data)
            problems = check(data)
        except Exception as error:
            traceback.print_exc()
            problems.append(f"{type(error).__name__}: {error}")
    if problems:
        how = "FALLBACK"
        write_fallback(data)
        say("!" * 72)
        say("THIS IS A FALLBACK: THE MODEL DID NOT PREDICT THIS FILE. Its score will be 0.5.")
        say("\n".join(problems))
        say("!" * 72)
        problems += check(data)
    with open(OUT, encoding="utf-8") as file:
        rows = sum(1 for _ in file) - 1
    report = {
        "file": str(OUT),
        "how": how,
        "fallback": how == "FALLBACK",
        "rows": rows,
        "problems": problems,
        "minutes": round((time.monotonic() - STARTED_S) / 60, 2),
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    say(f"{OUT}: {rows} rows, {how}")
    if problems and not hidden:
        raise RuntimeError("the preview failed; mend it before submitting: " + "; ".join(problems))
    return report


# %%
if __name__ == "__main__":
    main()
