"""Counts, durations, sizes, shares and changes for a reader. Pure."""


def counted(number: int, one: str, several: str = "") -> str:
    """A number and its noun: "1 run", "1,200 runs"; `several` is a plural without a plain s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def duration(seconds: float | None) -> str:
    """Two units at most: "45 ms", "3.4 s", "42 s", "2 min 5 s", "1 h 12 min", "474 h"; "-" for none."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    minutes = round(seconds / 60)
    return _two(minutes // 60, "h", minutes % 60 if minutes < 100 * 60 else 0, "min")


def memory(size: int) -> str:
    """A number of bytes: "640 KiB", "45 MiB", "1.2 GiB"; "-" for none."""
    if not size:
        return "-"
    if size < 1023.5 * 1024:
        return f"{size / 1024:.0f} KiB"
    return f"{size / 2**20:.0f} MiB" if size < 1023.5 * 2**20 else f"{size / 2**30:.1f} GiB"


def share(part: float, whole: float) -> str:
    """A share in percent; never 0 for something, nor 100 for less than all."""
    if not part or not whole:
        return "0 %"
    percent = 100 * part / whole
    if percent < 1:
        return "under 1 %"
    return f"{min(round(percent), 99) if part < whole else 100} %"


def change(now: float, before: float) -> str:
    """The change since `before`: "24 % more", "as much", or empty without a value before."""
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    return "as much" if not percent else f"{abs(percent)} % {'more' if percent > 0 else 'less'}"


def percent_range(low: float, high: float) -> str:
    """An interval of ratios in percent, with a minus sign where one is below 0: "44 to 67", "0.4 to 11"."""
    return f"{_percent(low)} to {_percent(high)}".replace("-", "\N{MINUS SIGN}")


def _percent(ratio: float) -> str:
    """A whole number, with one decimal below 1: a bound beside 0 is not shown as 0."""
    return f"{round(100 * ratio, 1 if abs(ratio) < 0.0095 else 0) + 0:.9g}"


def _two(large: int, unit: str, small: int, other: str) -> str:
    return f"{large:,} {unit} {small} {other}" if small else f"{large:,} {unit}"
