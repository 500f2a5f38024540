# shellcheck shell=bash
# Functions of tests/bench/run and tests/bench/profile. Sourced; $here and $repository are set.

die() { echo "${0##*/}: $*" >&2; exit 1; }

need_programs() {
  local program missing=()
  for program; do
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing+=("$program")
  done
  [ ${#missing[@]} = 0 ] || die "missing: ${missing[*]} (Debian packages of the same names)"
}

# Sets $programs: the folder with lbconverge and bench_*, as one build has made them.
build() {
  local folder=${LBCONVERGE_BUILD:-$repository/build/release} program
  [ -e "$folder/CMakeCache.txt" ] || die "no build in $folder: cmake --preset release"
  cmake --build "$folder" --target bench >/dev/null || die "the build failed: cmake --build $folder --target bench"
  programs=$repository/build/bench/programs
  mkdir -p "$programs"
  for program in "$folder/lbconverge" "$folder"/tests/bench/bench_*; do
    # By rename, and never in place: a benchmark that runs keeps the program that it has opened.
    cp "$program" "$programs/.new" && mv "$programs/.new" "$programs/${program##*/}" || exit 1
  done
}

# What the user chose, else User Mode Linux: there programs run at the machine's own speed.
choose_kernel() { export LBCONVERGE_KERNEL=${LBCONVERGE_KERNEL:-uml}; }

# guest FOLDER COMMAND...: two hours are more than any size needs that fits into the memory.
guest() {
  local folder=$1
  shift
  "$repository/tests/lab/guest" -m 4G -t 7200 -o "$folder" -- "$@"
}
