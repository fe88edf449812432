"""`python -m birdscope` is `birdscope`."""

import sys

from birdscope.cli import main

sys.exit(main())
