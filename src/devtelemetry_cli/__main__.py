"""Entry point: the file that starts devtel; entry.py goes on.

Recorded builds start it itself, isolated and without site-packages (`python -I -S`, client/start_file.py). Python
compiles it each time then, so it is short.
"""

import sys

if not __package__:
    sys.path.insert(0, __file__.rpartition("/")[0].rpartition("/")[0])
    import devtelemetry_cli  # noqa: F401  found at the first place; all others are searched for in Python's own first

    sys.path.append(sys.path.pop(0))
from devtelemetry_cli import direct_import

direct_import.load(direct_import.ENTRY)
from devtelemetry_cli.entry import main  # noqa: E402

if __name__ == "__main__":
    main()
