"""The spectrogram in hand: cursor, box, drag, wheel, look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rich.color import ColorSystem
from textual.app import App, ComposeResult

from birdscope.audio.boxes import Box, Measure
from birdscope.tui.band import Band
from birdscope.tui.known_marks import joined
from birdscope.tui.overlays import Outline, SpanMark, bar_lines, box_text, mark_line
from birdscope.tui.pictures import Fine, Pictures, Request
from birdscope.tui.timeline import TimeAxis
from birdscope.tui.tone import Tone
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane
from tests.tui.conftest import Until, picture

FILE = Path("a.ogg")
MEASURE = Measure(3100.0, -20.0, 2900.0, 3300.0)


class Pane(SpectrogramPane):
    def __init__(self, provider: Any) -> None:
        super().__init__()
        self._provider = provider

    def compose(self) -> ComposeResult:
        yield SpectrogramView(self._provider, measure=lambda path, box: MEASURE)


class Shown(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.console._color_system = ColorSystem.TRUECOLOR
        self.no_color = False
        self.asked: list[tuple[Any, ...]] = []
        self.boxes: list[Box | None] = []
        self.played: list[Box | None] = []
        self.seeks: list[float] = []

    def provider(self, *request: Any, fine: Fine | None = None) -> npt.NDArray[np.float32]:
        self.asked.append((*request, fine))
        return picture(*request)

    def compose(self) -> ComposeResult:
        yield Pane(self.provider)

    def on_spectrogram_view_box_changed(self, event: SpectrogramView.BoxChanged) -> None:
        self.boxes.append(event.box)

    def on_spectrogram_view_play_box(self, event: SpectrogramView.PlayBox) -> None:
        self.played.append(event.box)

    def on_spectrogram_view_seek(self, event: SpectrogramView.Seek) -> None:
        self.seeks.append(event.seconds)

    @property
    def view(self) -> SpectrogramView:
        return self.query_one(SpectrogramView)


async def shown(app: Shown, pilot: Any, until: Until) -> SpectrogramView:
    """A minute over 60 columns and 20 lines."""
    view = app.view
    view.show(FILE, 60.0)
    await until(pilot, lambda: view._picture is not None and not view.is_loading_picture)
    return view


def foot(view: SpectrogramView) -> str:
    return view.render_line(view.size.height - 1).text


async def test_the_arrow_keys_read_the_picture(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(105, 21)) as pilot:
        view = await shown(app, pilot, until)
        await pilot.press("x", "left", "up")
        x, y = view.axis.columns // 2 - 1, 9
        assert view.render_line(y).text[x + 5] == "┼"
        seconds, hz = view.axis.time_of(x + 0.5), view.frequencies.row_to_hz(y + 0.5)
        level = view._painting.levels_db[2 * y : 2 * y + 2, x].max()  # type: ignore[union-attr]
        assert f"0:{seconds:04.1f}  {hz / 1000:.3g} kHz  {level:.0f} dB" in foot(view)
        await pilot.press("enter")
        assert app.seeks == [pytest.approx(seconds)]
        await pilot.press("escape")
        assert "┼" not in view.render_line(y).text and "dB" not in foot(view)


async def test_shift_and_arrows_select_and_measure_a_box(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(105, 21)) as pilot:
        view = await shown(app, pilot, until)
        await pilot.press("x", "shift+right", "shift+right", "shift+up")
        await until(pilot, lambda: view.measured is not None)
        box = view.box
        assert box is not None and app.boxes[-1] == box
        assert box.duration_s == pytest.approx(3 * view.axis.span_s / view.axis.columns)
        assert box.high_hz == pytest.approx(view.frequencies.row_to_hz(9))
        assert box_text(box, MEASURE) in foot(view) and "peak 3.1 kHz -20 dB" in foot(view)
        left = view.axis.column_of(box.start_s + 1e-6) + 5
        assert view.render_line(9).text[left : left + 3] == "┏━┼"
        await pilot.press("enter")
        assert app.played == [box]
        await pilot.press("z")
        assert view.view_start_s == pytest.approx(box.start_s - 0.05 * box.duration_s)
        assert (view.band.low_hz, view.band.high_hz) == (box.low_hz, box.high_hz)
        await pilot.press("escape", "0")
        assert view.box is None and app.boxes[-1] is None and view.band.is_whole


async def test_a_drag_pans_and_with_shift_selects_and_neither_seeks(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(105, 21)) as pilot:
        view = await shown(app, pilot, until)
        view.show_span(20.0, 40.0)
        await pilot.mouse_down(view, offset=(55, 5))
        await pilot.hover(view, offset=(30, 5))
        await pilot.mouse_up(view, offset=(30, 5))
        assert view.view_start_s == pytest.approx(25.0)
        await pilot.mouse_down(view, offset=(25, 5), shift=True)
        await pilot.hover(view, offset=(44, 9))
        await pilot.mouse_up(view, offset=(44, 9))
        await pilot.pause()
        assert view.box is not None and app.boxes == [view.box]
        assert view.box.start_s == pytest.approx(view.axis.time_of(20))
        assert view.box.end_s == pytest.approx(view.axis.time_of(40))
        assert view.box.high_hz == pytest.approx(view.frequencies.row_to_hz(5))
        assert view.box.low_hz == pytest.approx(view.frequencies.row_to_hz(10))
        assert app.seeks == []


async def test_frequencies_zoom_and_pan_by_key(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = await shown(app, pilot, until)
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        zoomed = view.band
        assert 0 < zoomed.low_hz < zoomed.high_hz < 16_000
        await until(pilot, lambda: not view.is_loading_picture)
        assert app.asked[-1][-1] == Fine(zoomed.low_hz, zoomed.high_hz)
        await pilot.press("K")
        assert view.band.low_hz > zoomed.low_hz and view.band.high_hz > zoomed.high_hz
        await pilot.press(*["K"] * 20)
        assert view.band.high_hz == pytest.approx(16_000)
        await pilot.press(*["left_curly_bracket"] * 6)
        assert view.band.is_whole
        labels = [view.render_line(y).text[:4].strip() for y in range(20)]
        assert labels[0] == "16k" and labels[-1] == "0"


async def test_brightness_and_windows_by_key(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = await shown(app, pilot, until)
        before = view._painting.codes.copy()  # type: ignore[union-attr]
        await pilot.press("right_parenthesis")
        assert (view._painting or view._paint()).codes.mean() > before.mean()  # type: ignore[union-attr]
        assert "gain +3 dB" in foot(view)
        await pilot.press("vertical_line", "circumflex_accent")
        assert view.tone == Tone(3.0, 30.0, 1.5)
        await pilot.press("percent_sign", "ampersand")
        assert (view.n_fft, view.overlap) == (256, 0.75)
        await until(pilot, lambda: not view.is_loading_picture)
        assert app.asked[-1][-1] == Fine(n_fft=256, overlap=0.75)


async def test_curve_and_marks_lie_below_the_picture(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = await shown(app, pilot, until)
        view.set_curve([2.5 + 5 * n for n in range(12)], [0.0] * 6 + [1.0] * 6, "grekis")
        view.set_marks([SpanMark(10.0, 20.0, "label", "frog"), SpanMark(30.0, 35.0, "no")])
        await until(pilot, lambda: not view.is_loading_picture)
        assert view.cell_rows == 17 and app.asked[-1][4] == 34
        assert view.render_line(17).text[5:] == " " * 30 + "█" * 30
        assert view.render_line(18).text.startswith("gre… ")
        marks = view.render_line(19).text
        assert marks[15:24] == "frog━━━━━" and marks[35] == "✗"
        view.set_playhead(12.5)
        assert view.render_line(18).text[17] == "│" and view.render_line(19).text[17] == "o"
        view.set_curve([], [])
        view.set_marks([])
        assert view.cell_rows == 20


def test_a_low_view_keeps_its_picture() -> None:
    assert bar_lines([0.0, 0.5, 1.0, float("nan")], 2) == ["  █ ", " ██ "]
    axis = TimeAxis(0.0, 10.0, 10)
    assert "".join(character for character, _ in mark_line([SpanMark(20, 30)], axis)) == " " * 10
    outline = Outline.of(Box(2.0, 2.0, 100.0, 100.0), axis, Band().axis(10, "mel"))
    assert outline.left == outline.right and outline.on_line(outline.top, 10)


@pytest.mark.parametrize("scale", ["mel", "linear", "log"])
def test_a_band_zooms_around_what_is_pointed_at(scale: str) -> None:
    band = Band().zoomed(4, 3000.0, scale)
    before, after = Band().axis(100, scale), band.axis(100, scale)
    assert after.hz_to_row(3000.0) == pytest.approx(before.hz_to_row(3000.0), abs=0.5)
    assert band.zoomed(0.01, 3000.0, scale).is_whole
    up = band.panned(0.1, scale)
    assert up.low_hz > band.low_hz and up.panned(-5.0, scale).low_hz == pytest.approx(0.0, abs=20)


def test_panning_asks_for_new_columns_only() -> None:
    asked: list[tuple[Any, ...]] = []

    def provider(*request: Any, **fine: Fine) -> npt.NDArray[np.float32]:
        asked.append(request[1:4])
        return picture(*request)

    pictures = Pictures(provider)
    first = Request(FILE, 0.0, 60.0, 60, 40, "mel")
    pictures.make(first)
    for start_s, lacking in ((15.0, (60.0, 75.0, 15)), (13.0, (13.0, 15.0, 2))):
        request = first._replace(start_s=start_s, end_s=start_s + 60.0)
        made = pictures.make(request).db
        assert asked[-1] == pytest.approx(lacking)
        assert made == pytest.approx(picture(*request[:6]), abs=1e-4)
    pictures.make(first._replace(start_s=0.25, end_s=60.25))
    assert asked[-1] == pytest.approx((0.25, 60.25, 60))


def test_memory_of_pictures_is_bounded() -> None:
    pictures = Pictures(lambda *request, **fine: np.zeros((200, 400), np.float32))
    for number in range(120):
        pictures.make(Request(FILE, number / 3, number / 3 + 7, 400, 200, "mel"))
    assert pictures.bytes_kept <= 24_000_000


def test_neighbouring_windows_with_one_label_are_one_mark() -> None:
    marks = joined({4: ["a", "b"], 0: ["a"], 1: ["a"], 2: ["b"]})
    assert [(one.start_s, one.end_s, one.text) for one in marks] == [
        (0, 10, "a"),
        (10, 15, "b"),
        (20, 25, "a b"),
    ]


@pytest.mark.parametrize("colours", [None, ColorSystem.STANDARD, ColorSystem.EIGHT_BIT])
async def test_a_box_is_seen_whatever_colours_there_are(
    until: Until, colours: ColorSystem | None
) -> None:
    app = Shown()
    app.console._color_system = colours
    async with app.run_test(size=(105, 21)) as pilot:
        view = await shown(app, pilot, until)
        text = "".join(view.render_line(y).text for y in range(20))
        assert ("▀" in text) == (colours is ColorSystem.EIGHT_BIT)
        assert ("▓" in text) == (colours is not ColorSystem.EIGHT_BIT)
        view.select(Box(20.0, 30.0, 2000.0, 6000.0))
        text = "".join(view.render_line(y).text for y in range(20))
        assert all(text.count(corner) == 1 for corner in "┏┓┗┛")
