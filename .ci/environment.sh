# Sourced by run-tests and run-demo: a virtual environment with this project in it.
# Sets $venv to its absolute path; PYTHON names an interpreter to use, EXTRACTOR_VENV another folder than .venv.

complain() {
    echo "${0##*/}: $*" >&2
    exit 2
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || complain "PYTHON=$PYTHON is not Python 3.11 or newer"
        echo "$PYTHON"
        return
    fi
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    complain "needs Python 3.11 or newer; set PYTHON=/path/to/python3"
}

# prepare EXTRAS: the environment with the project and its extras, '' for none.
prepare() {
    local extras="$1" python stamp
    venv="${EXTRACTOR_VENV:-.venv}"
    case "$venv" in /*) ;; *) venv="$PWD/$venv" ;; esac
    command -v git >/dev/null || complain "needs git: install it and try again"
    # An environment whose interpreter is gone, or that never got pip, is made anew.
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        python="$(find_python)" || exit $?
        if ! "$python" -m venv --clear "$venv"; then
            complain "cannot make the virtual environment $venv with $python;" \
                "on Debian and Ubuntu: apt install python3-venv"
        fi
    fi
    new_enough "$venv/bin/python" || complain "$venv has a Python older than 3.11: remove it"
    # Installing again is only needed when what is to be installed changed.
    stamp="$venv/installed-with-${extras:-nothing}.toml"
    if ! cmp -s pyproject.toml "$stamp"; then
        echo "${0##*/}: installing into $venv" >&2
        "$venv/bin/python" -m pip install -q --disable-pip-version-check -e ".${extras:+[$extras]}" ||
            complain "cannot install this project and what it needs; is there a network?"
        cp pyproject.toml "$stamp"
    fi
}
