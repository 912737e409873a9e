#!/bin/sh
# Entry point of the plugin: DevLake runs it with a command and JSON arguments and reads answers from descriptor 3.
# A plugin that cannot start stops DevLake at its start, so everything that is missing is named here, on stderr.
set -u
cd "$(dirname "$0")" || exit 1

fail() {
    echo "devtel plugin: $1" >&2
    exit 78
}

kit=${PYDEVLAKE_DIR:-../../pydevlake}
[ -f "$kit/pydevlake/__init__.py" ] || fail "pydevlake is not in $kit. Set PYDEVLAKE_DIR to DevLake's python/pydevlake folder."
python=${DEVTEL_PLUGIN_PYTHON:-.venv/bin/python}
[ -x "$python" ] || command -v "$python" >/dev/null 2>&1 ||
    fail "there is no Python at $python. Run build.sh, or set DEVTEL_PLUGIN_PYTHON."

PYTHONPATH=".:$kit${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONPATH
exec "$python" -m devtel.main "$@"
