"""The makefile that is read after the Makefile and notes each recipe line as it starts.

make expands SHELL when it is about to run a line, with the line's target in `$@`. SHELL's value stays as it was, so
make still runs simple commands without a shell; `$(file)` appends the note without a process (GNU make 4).
"""

import re
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
_TEMPLATE = """\
override devtel_space := $(subst ,, )
override devtel_file := $(lastword $(MAKEFILE_LIST))
.PHONY: $(devtel_file)
MAKEFILE_LIST := $(subst |,,$(subst $(devtel_space)$(devtel_file)|,,$(MAKEFILE_LIST)|))
$(eval override devtel_shell = $(value SHELL))
override SHELL = $(if $@,$(file >>@NOTES@,$@))$(devtel_shell)
unexport devtel_space devtel_file devtel_shell
"""


class Hook:
    """The hook's file and the file of its notes, in a folder of their own that is in memory where possible."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="devtel-", dir=_parent())
        folder = Path(self._folder.name)
        self.notes = folder / "notes"
        self.notes.touch()
        self.makefile = folder / "hook.mk"
        self.makefile.write_text(_TEMPLATE.replace("@NOTES@", str(self.notes)), encoding="utf-8")

    def remove(self) -> None:
        """Remove both files."""
        self._folder.cleanup()


def _parent() -> str:
    """A folder that can be written and whose name means itself in a makefile."""
    usual = tempfile.gettempdir()
    try:
        with tempfile.TemporaryFile(dir=_MEMORY):
            return str(_MEMORY)
    except OSError:
        return usual if re.fullmatch(r"[\w./+@-]+", usual) else "/tmp"  # noqa: S108  as above
