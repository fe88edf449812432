"""A session: what a person makes while working, kept in `sessions/<name>/`.

Comes in: the folder of sessions and a name. Goes out: the state that is shown again next
time (`session.toml`), and the live scores of windows that Scope has predicted. Everything
survives a crash; a second process opens the same session read-only.
"""
