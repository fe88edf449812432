"""Background work a person can trust for a night.

Comes in: the arguments of a birdscope subcommand. Goes out: a job folder (`job.toml`,
`events.jsonl`, `log.txt`) that any process can watch, cancel or resume. Imports only core
and the session's paths, so that watching a job needs no science.
"""
