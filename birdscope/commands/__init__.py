"""One file per subcommand: parse the arguments, call the layers below, show what came out.

Comes in: an argparse namespace. Goes out: text or JSON on stdout, progress on stderr, an
exit code. Module level imports stay light, because `birdscope --help` reads them.
"""
