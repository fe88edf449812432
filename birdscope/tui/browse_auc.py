"""The ROC-AUC of each class for the species list: of Tune's settings in hand, else as kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from birdscope.session.class_auc import load_class_auc, save_class_auc

if TYPE_CHECKING:
    from textual.app import App

    from birdscope.session.session import Session


async def last_auc(app: App[Any], session: Session, dataset: str) -> dict[str, float]:
    """Label → ROC-AUC as last measured in the session; what Tune has just measured is kept."""
    auc = _in_hand(app)
    if not auc:
        return await asyncio.to_thread(load_class_auc, session.folder, dataset)
    if not session.read_only:
        await asyncio.to_thread(save_class_auc, session.folder, dataset, auc)
    return auc


def _in_hand(app: App[Any]) -> dict[str, float]:
    """What Tune shows now; empty where it has measured nothing."""
    if not app.default_screen.query("#tune"):
        return {}
    from birdscope.tui.screens.tune import TunePane

    feed = app.default_screen.query_one(TunePane).feed
    if feed.opened is None or feed.measured is None:
        return {}
    per_class = feed.measured.measured.per_class.tolist()
    every = zip(feed.opened.classes, per_class, strict=True)
    # a class without a positive or a negative is NaN, which equals nothing
    return {label: value for label, value in every if value == value}
