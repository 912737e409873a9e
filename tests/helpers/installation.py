"""devtel as pip puts it into an environment of its own: a start script, an interpreter, and the package beside them."""

import shutil
import sys
import sysconfig
from pathlib import Path

import devtelemetry_cli

_SCRIPT = """\
#!{python}
import sys
from devtelemetry_cli.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""


class Installation:
    """An environment in `folder` whose packages are those of the tests', and whose devtel is a copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self.python = self.bin / "python3"
        self.python.symlink_to(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
        (folder / "pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\n")
        packages = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        packages.mkdir(parents=True)
        self.package = packages / "devtelemetry_cli"
        # Without the server and DevLake: two thirds of the files, which no test of a build uses.
        unused = shutil.ignore_patterns("server", "devlake")
        shutil.copytree(Path(devtelemetry_cli.__file__).parent, self.package, ignore=unused)
        others = sysconfig.get_path("purelib")  # whose own .pth files count too
        (packages / "others.pth").write_text(f"import site; site.addsitedir({others!r})\n")
        self.script = self.bin / "devtel"
        self.script.write_text(_SCRIPT.format(python=self.python))
        self.script.chmod(0o755)
