from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from birdscope.submission.budget import Speed, project
from birdscope.tui.widgets.budget_meter import BudgetMeter


def speed(*seconds: float, other_s: float = 0.03) -> Speed:
    names = [f"net{number}" for number in range(len(seconds))]
    return Speed(
        "demo", "f" * 16, "torch", "cpu", 2, dict(zip(names, seconds, strict=True)),
        {name: name for name in names}, tuple(names), other_s, 3.5,
    )  # fmt: skip


class MeterApp(App[None]):
    CSS = "BudgetMeter { height: 12; }"

    def compose(self) -> ComposeResult:
        yield BudgetMeter()


@pytest.mark.parametrize("nets", [(0.052, 0.043), (0.007, 0.007), (2.0, 0.83, 0.77), (1e-5, 4.0)])
async def test_the_parts_add_up_to_the_headline_and_the_reserve_is_named(
    nets: tuple[float, ...],
) -> None:
    app = MeterApp()
    async with app.run_test(size=(70, 14)) as pilot:
        meter = app.query_one(BudgetMeter)
        meter.show([(speed(*nets), project(speed(*nets)))])
        await pilot.pause()
        lines = meter.render().plain.splitlines()
    parts = [line.split(" min")[0].split()[-1] for line in lines if line.startswith("■")]
    shown = [0.0 if part.startswith("<") else float(part) for part in parts]
    assert sum(shown) == pytest.approx(float(lines[0].split()[0]))
    assert "13 s reserve" in "\n".join(lines)


async def test_a_short_time_still_has_a_coloured_cell() -> None:
    app = MeterApp()
    async with app.run_test(size=(30, 14)) as pilot:
        meter = app.query_one(BudgetMeter)
        meter.show([(speed(0.001), project(speed(0.001)))])
        await pilot.pause()
        colours = {span.style for span in meter.render().split("\n")[1].spans}
    assert len(colours) == 2
