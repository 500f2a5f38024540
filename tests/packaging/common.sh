# shellcheck shell=bash
# common.sh: what the tests here share. Each is called with the build's folder, and works in $work.
set -u
build=$(realpath "${1:?the folder of the build}")
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/lbconverge-packaging.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# check_eq DESCRIPTION EXPECTED ACTUAL
check_eq() {
  if [ "$2" = "$3" ]; then echo "ok   $1"; else
    failed=1
    echo "FAIL $1"
    diff <(echo "$2") <(echo "$3") | sed 's/^/  | /'
  fi
}

installed() { # PREFIX: below $work/PREFIX
  DESTDIR=$work/dest cmake --install "$build" --prefix "$1" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
