#!/bin/sh
# Make the environment: a virtual environment from the hash-locked requirements, and this project in it.
# Needs Python 3.11 or newer and one of: its venv module with pip (Debian: python3-venv), pip itself, or uv.
set -eu
venv=$1
requirements=$2

python=""
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "passlane needs Python 3.11 or newer; none was found (set PYTHON=/path/to/python3 to name one)" >&2
    exit 1
fi

install() {
    "$@" install --quiet --require-hashes -r "$requirements"
    "$@" install --quiet --no-deps --no-build-isolation -e .
}

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    install "$venv/bin/python" -m pip
elif "$python" -m venv "$venv" >/dev/null 2>&1; then
    install "$venv/bin/python" -m pip
elif "$python" -m pip --version >/dev/null 2>&1; then
    # Debian without python3-venv: no ensurepip, but pip can install into an environment that has none of its own
    "$python" -m venv --clear --without-pip "$venv"
    install "$python" -m pip --python "$venv/bin/python"
elif command -v uv >/dev/null 2>&1; then
    uv venv --quiet --clear --python "$python" "$venv"
    export VIRTUAL_ENV="$venv"
    install uv pip
else
    echo "cannot make the environment: $python has neither venv with pip nor pip, and uv is not installed." >&2
    echo "On Debian or Ubuntu: apt install python3-venv" >&2
    exit 1
fi
