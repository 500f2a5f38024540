#!/bin/bash
# guest.sh PROGRAMS N M RUNS: the measurements in the guest (see run). Writes $LAB_OUT/results, a line per
# measurement: size, side, seconds, peak resident KiB, minor page faults; and $LAB_OUT/about: what was measured where.
set -u
main() {
  given=$1 runs=$4
  T=$(mktemp -d /tmp/bench.XXXXXX)
  mkdir /run/lab # nsrun gives each node a /run of its own there
  # In the guest's memory: a build that goes on meanwhile must not change what is measured.
  cp -r "$given" "$T/programs"
  PATH=$T/programs:$PATH
  modprobe -a ip_vs ip_vs_rr 2>/dev/null
  number=0 place=''

  results=/dev/null
  use_table 20 5
  repetition # everything was read from the disk once, and every module is loaded
  results=$LAB_OUT/results
  : >"$results"
  about "$2" "$3"
  for ((run = 1; run <= runs; run++)); do
    use_table "$2" "$3"
    repetition
    use_table $(($2 / 10)) "$3"
    side_apply
    progress "run $run of $runs"
  done
  small_case 20
  progress "a real server, 20 times"
  use_table "$2" "$3"
  count_messages
  progress "messages counted"
}

progress() { echo "$* ($((SECONDS / 60)):$(printf %02d $((SECONDS % 60))))"; }
die() { echo "guest.sh: $*" >&2; exit 1; }

about() {
  {
    printf 'kernel\t%s (User Mode Linux)\n' "$(uname -r)"
    printf 'processor\t%s\n' "$(sed -n 's/^host *: *//p; s/^model name[^:]*: *//p' /proc/cpuinfo | head -1)"
    printf 'size\t%s\t%s\n' "$1" "$2"
    printf 'runs\t%s\n' "$runs"
    printf 'ipvsadm\t%s\n' "$(ipvsadm --version | sed 's/ (.*//')"
    printf 'keepalived\t%s\n' "$(keepalived --version 2>&1 | sed -n '1s/ (.*//p')"
  } >"$LAB_OUT/about"
}

# ---- places and tables -------------------------------------------------------------------------------------

# A fresh network namespace for each side: a real server that was removed stays in a list for two minutes, which
# every new one walks, so that a second load in the same place would be quadratic.
fresh() {
  if [ -n "$place" ]; then
    ip netns delete "$place"
    rm -rf "/run/lab/$place"
  fi
  number=$((number + 1)) place=b$number
  { ip netns add "$place" && ip -n "$place" link set lo up; } || die "no network namespace"
  settle
}

on() { "$LAB_TOOLS/nsrun" "$place" "$@"; }

# The kernel removes a namespace and its 100,000 rows later, in a thread: wait until the guest's only CPU has been
# idle for 0.2 s (20 ticks), at most for 20 s.
settle() {
  local before after _ try
  for ((try = 0; try < 100; try++)); do
    read -r _ _ _ _ before _ </proc/stat
    sleep 0.2
    read -r _ _ _ _ after _ </proc/stat
    [ $((after - before)) -lt 19 ] || return 0
  done
}

# The same table in each side's form, and with one weight changed.
use_table() {
  local form
  services=$1 servers=$2 size=${1}x$2 tables=$T/${1}x$2
  [ ! -d "$tables" ] || return 0
  mkdir "$tables"
  for form in ipvsadm keepalived toml; do
    bench_tables $form "$services" "$servers" >"$tables/$form"
    bench_tables $form "$services" "$servers" changed >"$tables/$form-changed"
  done
}

# ---- measuring ---------------------------------------------------------------------------------------------

keep() { # SIDE SECONDS [KIB FAULTS]
  printf '%s\t%s\t%s\t%s\t%s\n' "$size" "$1" "$2" "${3:-}" "${4:-}" >>"$results"
}

# timed [OPTIONS of bench_timed] SIDE COMMAND...: a whole process.
timed() {
  local line side seconds memory faults
  line=$(on bench_timed "$@") || die "$size: failed: $*"
  IFS=$'\t' read -r side seconds memory faults <<<"$line"
  keep "$side" "$seconds" "$memory" "$faults"
}

# inside SIDE COMMAND...: the first word that it prints is the time.
inside() {
  local side=$1 line
  shift
  line=$(on "$@") || die "$size: failed: $*"
  keep "$side" "${line%%$'\t'*}"
}

# Microseconds since START as seconds.
since() {
  local end=${EPOCHREALTIME/[.,]/}
  printf '%d.%06d' $(((end - $1) / 1000000)) $(((end - $1) % 1000000))
}

# The whole table is there: nobody is quick by leaving something out.
complete() {
  local _ seen_services seen_servers
  IFS=$'\t' read -r _ _ seen_services seen_servers <<<"$(on bench_bare dump)"
  [ "$seen_services $seen_servers" = "$services $((services * servers))" ] ||
    die "$size: $1 left $seen_services services and $seen_servers real servers"
}

# ---- the sides ---------------------------------------------------------------------------------------------

repetition() {
  side_ipvsadm
  side_keepalived
  side_bare
  side_apply
  side_apply_to_file
  side_stages
}

side_ipvsadm() {
  fresh
  timed -i "$tables/ipvsadm" "ipvsadm -R" ipvsadm -R
  complete ipvsadm
}

# How long until its last real server is seen; then how long from the signal until the changed weight is.
side_keepalived() {
  local start keepalived checker
  fresh
  cp "$tables/keepalived" "$T/keepalived.conf"
  start=${EPOCHREALTIME/[.,]/}
  # Not through on(): the process id must be keepalived's own.
  "$LAB_TOOLS/nsrun" "$place" keepalived -C -n -f "$T/keepalived.conf" -p "$T/main.pid" -c "$T/checker.pid" >/dev/null 2>&1 &
  keepalived=$!
  on bench_bare wait "$services" "$servers" $((services - 1)) $((servers - 1)) 1 300 || die "keepalived does not load"
  keep "keepalived cold start" "$(since "$start")"
  complete keepalived
  settle
  cp "$tables/keepalived-changed" "$T/keepalived.conf"
  checker=$(cat "$T/checker.pid")
  start=${EPOCHREALTIME/[.,]/}
  kill -HUP $keepalived
  on bench_bare wait "$services" "$servers" $((services / 2)) $((servers - 1)) 7 300 || die "keepalived does not reload"
  keep "keepalived reload, one weight" "$(since "$start")" "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$checker/status")"
  kill -KILL $keepalived "$checker" # an orderly end would empty the table first, for five seconds
  wait $keepalived 2>/dev/null
}

side_bare() {
  fresh
  inside "bare load" bench_bare load "$services" "$servers"
  complete "bare load"
  inside "bare dump, recv" bench_bare dump
  inside "bare dump, recvmmsg" bench_bare dumpmm
  inside "bare toml++" bench_toml "$tables/toml"
  timed "bare toml++, whole process" bench_toml "$tables/toml"
  timed "start of lbconverge (--help)" lbconverge --help
}

side_apply() {
  fresh
  timed -s 2 "lbconverge diff, all to do" lbconverge -c "$tables/toml" diff
  timed "lbconverge apply, from empty" lbconverge -c "$tables/toml" apply
  complete "lbconverge apply"
  timed "lbconverge apply, nothing to do" lbconverge -c "$tables/toml" apply
  timed "lbconverge diff, nothing to do" lbconverge -c "$tables/toml" diff
  timed "lbconverge apply, one weight" lbconverge -c "$tables/toml-changed" apply
  on bench_bare wait "$services" "$servers" $((services / 2)) $((servers - 1)) 7 1 || die "the weight is as it was"
}

side_apply_to_file() {
  fresh
  timed -o "$T/output" "lbconverge apply, from empty, to a file" lbconverge -c "$tables/toml" apply
}

side_stages() {
  local stage milliseconds faults
  fresh
  on bench_pipeline live "$tables/toml" >"$T/stages" || die "bench_pipeline failed"
  complete bench_pipeline
  while IFS=$'\t' read -r stage milliseconds faults _; do
    keep "stage: $stage" "$(awk "BEGIN { print $milliseconds / 1000 }")" "" "$faults"
  done <"$T/stages"
}

# ---- a real server -----------------------------------------------------------------------------------------

fresh_real_server() {
  fresh
  ip link add "out$number" type veth peer name eth0 netns "$place"
  ip -n "$place" -batch - <<<$'link set eth0 up\naddr add 192.168.100.3/24 dev eth0'
}

is_real_server() {
  [ "$(on cat /proc/sys/net/ipv4/conf/eth0/arp_ignore /proc/sys/net/ipv4/conf/eth0/arp_announce | tr '\n' ' ')" = "1 2 " ] ||
    [ "$(on cat /proc/sys/net/ipv4/conf/all/arp_ignore /proc/sys/net/ipv4/conf/all/arp_announce | tr '\n' ' ')" = "1 2 " ] ||
    die "$1: the real server answers ARP for the VIP"
  [[ $(ip -n "$place" addr show dev lo) == *192.168.100.20/32* ]] || die "$1: no VIP on lo"
}

# What every guide to direct routing has administrators write.
small_case() {
  local times=$1
  size=real-server
  cat >"$T/script" <<'END'
sysctl -w net.ipv4.conf.all.arp_ignore=1
sysctl -w net.ipv4.conf.all.arp_announce=2
sysctl -w net.ipv4.conf.lo.arp_ignore=1
sysctl -w net.ipv4.conf.lo.arp_announce=2
ip addr add 192.168.100.20/32 dev lo
END
  printf 'role = "real-server"\nvips = ["192.168.100.20"]\n' >"$T/real-server.toml"
  for ((i = 0; i < times; i++)); do
    fresh_real_server
    timed "shell script: sysctl x4, ip addr" sh "$T/script"
    is_real_server "the script"
    timed -s 2 "shell script again (the address fails)" sh "$T/script" 2>/dev/null
    fresh_real_server
    timed "lbconverge apply" lbconverge -c "$T/real-server.toml" apply
    is_real_server lbconverge
    timed "lbconverge apply again" lbconverge -c "$T/real-server.toml" apply
  done
}

# ---- what is sent ------------------------------------------------------------------------------------------

# In runs of their own, since strace makes each call many times dearer. (-v: every message of a batch.)
count_messages() {
  fresh
  count "from empty" "$tables/toml"
  count "nothing to do" "$tables/toml"
  count "one weight" "$tables/toml-changed"
}

count() {
  local case=$1 trace=$LAB_OUT/trace.${1// /-}
  on strace -f -v -X raw -s 8 -o "$T/trace" lbconverge -c "$2" apply >/dev/null || die "strace lbconverge failed"
  keep "count: system calls, $case" "$(grep -c '^[0-9]* *[a-z]' "$T/trace")"
  # Of each generic netlink message that is sent (but for the controller's, 0x10) its flags and its first byte: the command.
  grep -F 'sendto(' "$T/trace" | grep -oE 'nlmsg_type=0x[0-9a-f]+, [^"]*"\\x[0-9a-f]{2}' | grep -v 'nlmsg_type=0x10,' >"$trace"
  keep "count: reads of all services, $case" "$(grep -c 'flags=0x3.*x04$' "$trace")"
  keep "count: reads of one service's servers, $case" "$(grep -c 'flags=0x3.*x08$' "$trace")"
  keep "count: write commands, $case" "$(grep -v 'flags=0x3' "$trace" | grep -cE 'x(01|02|03|05|06|07|0c|11)$')"
}

main "$@"
exit # nothing more is read of a file that may have been edited meanwhile
