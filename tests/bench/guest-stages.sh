#!/bin/bash
# guest-stages.sh PROGRAMS RUNS: the part of profile in the guest. $LAB_OUT/toml is the configuration; live.N, replay.N
# and the recording of the kernel's answers are left there.
set -u
T=$(mktemp -d /tmp/bench.XXXXXX)
cp -r "$1" "$T/programs"
cp "$LAB_OUT/toml" "$T"
PATH=$T/programs:$PATH
modprobe -a ip_vs ip_vs_rr 2>/dev/null
for ((run = 1; run <= $2; run++)); do
  { ip netns add "b$run" && ip -n "b$run" link set lo up; } || exit 1
  "$LAB_TOOLS/nsrun" "b$run" bench_pipeline live "$T/toml" >"$T/live.$run" || exit 1
  [ "$run" != 1 ] || "$LAB_TOOLS/nsrun" b1 bench_pipeline record "$T/toml" "$T/recording" || exit 1
  bench_pipeline replay "$T/toml" "$T/recording" >"$T/replay.$run" || exit 1
  ip netns delete "b$run"
  sleep 3 # its 100,000 rows go later, in a kernel thread
done
cp "$T"/live.* "$T"/replay.* "$T/recording" "$LAB_OUT"
