"""Three themes of birdscope's own: calm dark, paper light, and one of high contrast."""

from __future__ import annotations

from textual.theme import Theme

DUSK = Theme(
    name="dusk",
    primary="#5fb3a1",
    secondary="#8fb0d0",
    accent="#e8b45a",
    foreground="#d3dcde",
    background="#0e1316",
    surface="#12181c",
    panel="#1a2227",
    success="#8cc27e",
    warning="#e8b45a",
    error="#e0776f",
    dark=True,
    variables={
        "text-muted": "#84939a",
        "text-disabled": "#4a5960",
        "border": "#2a363d",
        "border-focus": "#5fb3a1",
        "block-cursor-foreground": "#0e1316",
        "block-cursor-background": "#5fb3a1",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#223037",
        "block-hover-background": "#182026",
        "footer-key-foreground": "#5fb3a1",
        "footer-background": "#0e1316",
        "input-selection-background": "#5fb3a1 35%",
        "scrollbar": "#2a363d",
        "scrollbar-hover": "#3a4a53",
        "scrollbar-active": "#5fb3a1",
        "scrollbar-background": "#12181c",
        "scrollbar-background-hover": "#12181c",
        "scrollbar-background-active": "#12181c",
        "scrollbar-corner-color": "#12181c",
    },
)

PAPER = Theme(
    name="paper",
    primary="#1f7a68",
    secondary="#3a5f8a",
    accent="#b36b00",
    foreground="#24302f",
    background="#f4f2ec",
    surface="#faf9f5",
    panel="#e9e6dd",
    success="#3d7a35",
    warning="#a86400",
    error="#b23a32",
    dark=False,
    variables={
        "text-muted": "#6d7672",
        "text-disabled": "#b0ada2",
        "border": "#cfcabd",
        "border-focus": "#1f7a68",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#1f7a68",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#dcebe5",
        "block-hover-background": "#eeece4",
        "footer-key-foreground": "#1f7a68",
        "footer-background": "#f4f2ec",
        "scrollbar": "#cfcabd",
        "scrollbar-hover": "#b9b3a4",
        "scrollbar-active": "#1f7a68",
        "scrollbar-background": "#faf9f5",
        "scrollbar-background-hover": "#faf9f5",
        "scrollbar-background-active": "#faf9f5",
        "scrollbar-corner-color": "#faf9f5",
    },
)

CONTRAST = Theme(
    name="contrast",
    primary="#ffff00",
    secondary="#7fdfff",
    accent="#ff9f1a",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    success="#5fff5f",
    warning="#ffd75f",
    error="#ff7070",
    dark=True,
    text_alpha=1.0,
    variables={
        "border": "#a0a0a0",
        "border-focus": "#ffff00",
        "text-muted": "#d0d0d0",
        "text-disabled": "#808080",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffff00",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#404040",
        "footer-key-foreground": "#ffff00",
        "footer-background": "#000000",
        "scrollbar": "#a0a0a0",
        "scrollbar-background": "#000000",
    },
)

THEMES = (DUSK, PAPER, CONTRAST)


def following(name: str) -> str:
    """The theme of ours after `name`, round and round; the first after any other one."""
    names = [one.name for one in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
