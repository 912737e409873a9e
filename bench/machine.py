"""The machine that the figures come from, in the lines that stand above them."""

import os
import platform
import subprocess
from pathlib import Path

from setting import DEVTEL, make_path


def describe() -> dict[str, str]:
    """What a reader needs to judge the figures."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores, load {load} at the start",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_version()} ({platform.python_compiler()})",
        "make": _first_line([make_path(), "--version"]),
        "devtel": f"{_start_script()}; {_package()}",
    }


def lines() -> list[str]:
    """The same as a list of sentences."""
    return [f"{name}: {text}" for name, text in describe().items()]


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _start_script() -> str:
    """pip of before 2024 writes a start script that imports `re`, which costs every run milliseconds."""
    text = DEVTEL.read_text(encoding="utf-8", errors="replace")
    imports = "imports re" if "import re\n" in text else "does not import re"
    return f"the start script {imports}"


def _package() -> str:
    import devtelemetry_cli  # noqa: PLC0415  only to see where it is

    installed = "site-packages" in str(devtelemetry_cli.__file__)
    return f"version {devtelemetry_cli.__version__}, {'installed' if installed else 'editable from src'}"


def _first_line(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("\n")[0]
