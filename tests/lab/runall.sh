#!/bin/bash
# runall.sh SECONDS TEST...: in a guest (or natively, see labtest), run the tests that no other guest has taken yet.
# A guest takes a test by making its folder $LAB_OUT/NAME. The test ends with NAME/result: "WORD STATUS MILLISECONDS",
# WORD one of pass, fail, timeout, skip; NAME/log is its output. A folder without a result: the guest died.
limit=$1
shift

# Namespaces of its own end with the test, and with them every process, mount and network it has left. The shell stays,
# as process 1: it takes notice of every process that ends, as an init does.
run() {
  unshare --pid --fork --kill-child --mount --mount-proc --net --uts --ipc bash -c '
    mount -t tmpfs -o mode=755 run /run && mkdir /run/lock /run/netns && mount -t sysfs sys /sys || exit 125
    timeout -k 2 "$@"; exit $?' run "$limit" bash "$1" </dev/null >"$2" 2>&1
}

for test; do
  name=$(basename "$test" .sh)
  mkdir "$LAB_OUT/$name" 2>/dev/null || continue
  began=${EPOCHREALTIME/./}
  LAB_TMP=${LAB_NATIVE:+$LAB_OUT/$name} run "$test" "$LAB_OUT/$name/log" # nothing in the machine's /tmp
  status=$?
  milliseconds=$(((${EPOCHREALTIME/./} - began) / 1000))
  case $status in
    0) if grep -q '^FAIL' "$LAB_OUT/$name/log"; then word=fail; else word=pass; fi ;;
    77) word=skip ;;
    124 | 137) if [ $milliseconds -ge $((limit * 1000)) ]; then word=timeout; else word=fail; fi ;;
    *) word=fail ;;
  esac
  echo "$word $status $milliseconds" >"$LAB_OUT/$name/result.new"
  mv "$LAB_OUT/$name/result.new" "$LAB_OUT/$name/result"
done
