"""`session.toml`: where the user was, as a file a person can read and edit."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from birdscope.core import atomic, config
from birdscope.core.config import Config
from birdscope.core.errors import ConfigError
from birdscope.core.settings import Settings

Seconds = Annotated[float, Field(ge=0)]
Hour = Annotated[int, Field(ge=0, le=24)]


class BrowsePlace(Config):
    """Where the user was in Browse.

    Attributes:
        row: Key of the row of the species list: a label, a class, a split, `split/site`.
        recording: Key of the recording on show.
        sort: Order of the species; empty is the usual one.
        filter: Words typed into the filter.
        facets: What else is filtered by, such as `class: Aves`.
        order: Column by which recordings are sorted, with a minus for the greatest first;
            empty is the dataset's order.
        soundscapes_by: Whether soundscapes are listed by site, date or hour; empty is by site.
        folded: Keys of the headings that are folded; None leaves them as they are.
        palette: Of the spectrogram; empty is the usual one.
        scale: Frequency scale of the spectrogram; empty is the usual one.
        span_s: What is seen of the recording, start and end in seconds; None is all of it.
    """

    row: str = ""
    recording: str = ""
    sort: str = ""
    filter: str = ""
    facets: tuple[str, ...] = ()
    order: str = ""
    soundscapes_by: str = ""
    folded: tuple[str, ...] | None = None
    palette: str = ""
    scale: str = ""
    span_s: tuple[Seconds, Seconds] | None = None


class ScopePlace(Config):
    """Where the user was in Scope's recording, which is `SessionState.recording`.

    Attributes:
        window: Index of the selected window.
        scale: Frequency scale of the spectrogram; empty is the usual one.
        span_s: What is seen, start and end in seconds; None is the minute of the window.
        sort: Order of the species: best, window, name or class.
        pins: Labels of the species that stay on top.
        animal_class: Only species of this class are listed; empty lists all.
        threshold: Cells below it are dimmed, 0 to 1.
        follow: Whether the selection follows the playhead.
    """

    window: Annotated[int, Field(ge=0)] = 0
    scale: str = ""
    span_s: tuple[Seconds, Seconds] | None = None
    sort: Literal["best", "window", "name", "class"] = "best"
    pins: tuple[str, ...] = ()
    animal_class: str = ""
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.0
    follow: bool = True


class AuditionPlace(Config):
    """Where the user was in Audition.

    Attributes:
        label: Species whose windows are judged; empty before the first.
        kind: Which queue; empty is the usual one.
        recording: Key of the window's recording; empty before the first.
        index: Index of the window in it.
        recordings: Text in the keys of the recordings that are listed; empty lists all.
        hours: Only recordings begun from the first hour to before the second; None lists all.
        hide_judged: Whether windows with a verdict are left out.
        autoplay: Whether a window plays when it is chosen.
        reference: Whether a reference recording is shown.
    """

    label: str = ""
    kind: str = ""
    recording: str = ""
    index: Annotated[int, Field(ge=0)] = 0
    recordings: str = ""
    hours: tuple[Hour, Hour] | None = None
    hide_judged: bool = False
    autoplay: bool = False
    reference: bool = False


class TunePlace(Config):
    """Where the user was in Tune.

    Attributes:
        settings: Those in hand, saved or not; None takes the session's.
        baseline: What the others are compared with; None is the usual one.
        label: Class whose curves are shown; empty is the first.
        kind: Of the labels; empty takes the best that there are.
        scores: The folder of scores.
        labels: The file of labels, where there is one.
    """

    settings: Settings | None = None
    baseline: Settings | None = None
    label: str = ""
    kind: str = ""
    scores: str = ""
    labels: str = ""


class SessionState(Config):
    """What is remembered between two runs.

    Attributes:
        dataset: Folder of the dataset last opened; empty before the first.
        ensemble: Ensemble file last chosen; empty before the first.
        tab: Id of the tab last shown.
        recording: Key of the recording last shown in Scope.
        playing: Key of the recording in the player; empty before the first.
        position_s: Where the playhead is in it, in seconds.
        volume: Playback volume, 0 to 1.
        theme: Name of the colours; empty is the usual one.
        settings: Post-processing of the session; None takes the ensemble's default.
        browse: The place in Browse.
        scope: The place in Scope.
        audition: The place in Audition.
        tune: The place in Tune.
        annotator: Whose verdicts are kept; empty before the first.
        input_device: What live input listens to; empty is the system's default.
    """

    dataset: str = ""
    ensemble: str = ""
    tab: str = "browse"
    recording: str = ""
    playing: str = ""
    position_s: Seconds = 0.0
    volume: Annotated[float, Field(ge=0, le=1)] = 0.8
    theme: str = ""
    settings: Settings | None = None
    browse: BrowsePlace = BrowsePlace()
    scope: ScopePlace = ScopePlace()
    audition: AuditionPlace = AuditionPlace()
    tune: TunePlace = TunePlace()
    annotator: str = ""
    input_device: str = ""


def load_state(path: Path) -> SessionState:
    """Read session.toml; a missing file gives the defaults.

    Raises:
        ConfigError: names the file, the key and what is allowed.
    """
    return config.load(SessionState, path) if path.exists() else SessionState()


def save_state(path: Path, state: SessionState) -> None:
    """Write session.toml whole or not at all; a person's comments in it stay.

    Raises:
        OSError: it can't be written; the old one is as it was.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(path.read_text("utf-8"))
    except FileNotFoundError:
        document = tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError):
        # a person is editing it by hand just now
        set_aside(path)
        document = tomlkit.document()
    _merge(document, _plain(state.model_dump(mode="json")))
    atomic.write_text(path, tomlkit.dumps(document))


def set_aside(path: Path) -> Path:
    """Rename a file that can't be used to `<name>.broken`, or `.broken-2` where there is one."""
    number, aside = 1, path.with_name(f"{path.name}.broken")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.broken-{number}")
    path.rename(aside)
    return aside


def changed(state: SessionState, changes: dict[str, Any]) -> SessionState:
    """The state with some keys replaced, validated.

    Raises:
        ConfigError: an unknown key or a value that is not allowed.
    """
    unknown = set(changes) - set(SessionState.model_fields)
    if unknown:
        raise ConfigError(f"a session has no key {sorted(unknown)[0]!r}")
    return config.parse(SessionState, {**dict(state), **changes})


def _merge(table: MutableMapping[str, Any], values: dict[str, Any]) -> None:
    """Make a table of a document say `values`, touching only what differs."""
    for key in [key for key in table if key not in values]:
        del table[key]
    for key, value in values.items():
        present = table.get(key)
        if isinstance(value, dict) and isinstance(present, MutableMapping):
            _merge(present, value)
        elif key not in table or present != value:
            table[key] = value


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Drop None, which TOML can't say."""
    return {
        key: _plain(item) if isinstance(item, dict) else _plain_list(item)
        for key, item in value.items()
        if item is not None
    }


def _plain_list(item: Any) -> Any:
    if not isinstance(item, list):
        return item
    return [_plain(one) if isinstance(one, dict) else one for one in item]
