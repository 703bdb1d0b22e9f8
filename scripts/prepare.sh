# What `run` and `test` share: install what this machine lacks, once, and say so. Sourced, never run.
# A stamp holds the hash of what was installed, so that a second start looks at two small files and goes on.

# Compiled modules are kept beside the sources: without them a start reads and compiles everything anew.
unset PYTHONDONTWRITEBYTECODE

VENV=.venv
STAMPS=var/prepared

say() { printf '%s\n' "· $*"; }

fail() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else fail "需要安装系统软件包，但当前用户不是 root，也没有 sudo。请以 root 运行一次：apt-get install -y ${*: -1}"
    fi
}

# have_library SONAME: whether the loader finds the shared library.
have_library() { ldconfig -p 2>/dev/null | grep -q "$1" || PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q "$1"; }

# missing_packages runtime|test: names of the Debian packages this machine lacks.
missing_packages() {
    have_library libpango-1.0.so.0 || echo libpango-1.0-0
    have_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    have_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    have_library libfontconfig.so.1 || echo libfontconfig1
    command -v fc-cache >/dev/null 2>&1 || echo fontconfig
    find_python >/dev/null || echo python3
    [ -x "$VENV/bin/python" ] || has_venv_module || echo python3-venv
    [ -e /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc ] || echo fonts-noto-cjk
    [ "$1" = test ] || return 0
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || echo chromium
    postgres_program >/dev/null || echo postgresql
}

find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        command -v "$name" >/dev/null 2>&1 || continue
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && { command -v "$name"; return 0; }
    done
    return 1
}

has_venv_module() { local python; python=$(find_python) && "$python" -c 'import ensurepip, venv' 2>/dev/null; }

postgres_program() { local p; for p in /usr/lib/postgresql/*/bin/initdb; do [ -x "$p" ] && { echo "$p"; return 0; }; done; return 1; }

# stamped NAME FILE...: whether NAME was prepared from exactly these files.
stamped() {
    local name=$1; shift
    [ -e "$STAMPS/$name" ] && [ "$(cat "$STAMPS/$name")" = "$(hash_of "$@")" ]
}

hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }

stamp() { local name=$1; shift; mkdir -p "$STAMPS"; hash_of "$@" >"$STAMPS/$name"; }

# prepare_system runtime|test
prepare_system() {
    stamped "system-$1" scripts/prepare.sh && return 0
    local packages
    packages=$(missing_packages "$1" | sort -u | tr '\n' ' ')
    if [ -n "${packages// /}" ]; then
        command -v apt-get >/dev/null 2>&1 || fail "此系统没有 apt-get，请自行安装：$packages"
        say "安装系统软件包：$packages"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
        # shellcheck disable=SC2086  # one word per package
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages >/dev/null
    fi
    stamp "system-$1" scripts/prepare.sh
}

# prepare_python requirements.txt|requirements-dev.txt [more files]
prepare_python() {
    local wanted="$1"
    [ -x "$VENV/bin/python" ] && stamped "python-$wanted" requirements.txt "$wanted" && return 0
    if [ ! -x "$VENV/bin/python" ]; then
        say "建立 Python 环境 $VENV"
        "$(find_python)" -m venv "$VENV"
    fi
    say "安装 Python 软件包（$wanted，首次约需一分钟）"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt -r "$wanted"
    stamp "python-$wanted" requirements.txt "$wanted"
}

# prepare_fonts: the notice fonts, built once from the installed ones.
prepare_fonts() {
    export PINGDU_FONTS="${PINGDU_FONTS:-$PWD/var/fonts}"
    stamped fonts requirements.txt notices/fonts.py && [ -d "$PINGDU_FONTS" ] && return 0
    say "制作文书字体（首次约需半分钟）"
    "$VENV/bin/python" -m notices.fonts build "$PINGDU_FONTS"
    stamp fonts requirements.txt notices/fonts.py
}
