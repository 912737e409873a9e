#!/bin/sh
# Install what the plugin needs at run time: pydevlake's own dependencies. DevLake's python/build.sh runs it.
set -eu
cd "$(dirname "$0")"
kit=${PYDEVLAKE_DIR:-../../pydevlake}
sh "${UV_SH:-../../uv.sh}" sync "$kit"
ln -sfn "$kit/.venv" .venv
