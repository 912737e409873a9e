"""Whether a run whose end is missing is still going on."""

# The start's time is taken within the first moments of the process; a machine under load may need some.
_STARTUP = 60.0
_CLOCK_NOISE = 2.0


def is_running(pid: int, started: float) -> bool:
    """Whether the process `pid` is the one that wrote a start at `started` (seconds since the epoch).

    A number is used again sooner or later, so the process must also have been created just before the start.
    """
    import psutil  # noqa: PLC0415  20 ms, and hardly ever asked for: most runs have ended

    try:
        created = psutil.Process(pid).create_time()
    except psutil.AccessDenied:
        return True
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False
    return -_CLOCK_NOISE <= started - created <= _STARTUP
