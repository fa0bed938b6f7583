#!/bin/sh
# Finds a Python that tuiphone can run on and hands over to setup.py.
# PYTHON names another interpreter.
here=$(dirname "$0")
for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" "$here/setup.py" "$@"
    fi
done
echo "error: no Python 3.11 or newer found" >&2
echo "remedy: install python3 (Debian 12, Ubuntu 24.04 and newer have it), or: make PYTHON=/path/to/python3" >&2
exit 1
