# shellcheck shell=bash
# lab.sh: the functions for lab tests. Sourced inside a guest by tests/lab/t/*.sh and by tests/lab/shell.
#
# Build         lab_begin; node NAME IFACE=ADDR/PLEN[,ADDR/PLEN...][@BRIDGE]...; topo_s1, topo_four, topo_s2
# Act           X NODE COMMAND...; lbc NODE ARGUMENTS...; background NODE COMMAND...; start, stop NODE; serve, unserve NODE
# Look          fetch NODE URL; fetches N URL; arp_owner NODE ADDRESS; mac NODE IFACE; sniff, sniffed
# Judge         check, check_fails, check_eq, check_exit, within; skip REASON
#
# A node is a network namespace with its own host name, /run and /sys; its interfaces are veth pairs into
# bridges of the test's own namespace. Nodes start with the settings of a fresh Linux (arp_ignore 0,
# arp_announce 0, ip_forward 0). Only IPv6 duplicate address detection and router solicitation are off, because
# they would make every test wait. A MAC contains the IPv4 address: 192.168.100.3 is 02:00:c0:a8:64:03.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_REPO=$(realpath "$LAB/../..")
LAB_TOOLS=${LAB_TOOLS:-$LAB_REPO/build/release/tests/lab/tools}
if [ -z "${LBCONVERGE:-}" ]; then  # the release build, else the quick one
  LBCONVERGE=$LAB_REPO/build/release/lbconverge
  [ -x "$LBCONVERGE" ] || [ ! -x "$LAB_REPO/build/quick/lbconverge" ] || LBCONVERGE=$LAB_REPO/build/quick/lbconverge
fi
LAB_LIMIT=${LAB_LIMIT:-20} # seconds that one command on a node may take
LBC_CONFIG=${LBC_CONFIG:-} # when set, lbc passes it as -c
declare -A LAB_MAC_OWNER=() LAB_BRIDGES=() LAB_SERVERS=() LAB_SNIFFERS=()
LAB_CHECKS=0 LAB_FAILED=0 LAB_SKIPPED=''
T='' # the folder of the test, in the guest's memory

# ---- build -----------------------------------------------------------------------------------------------

# Begins an empty lab. It first removes what an earlier lab has left.
lab_begin() {
  lab_clear
  # shellcheck disable=SC2034  # for the tests
  T=$(mktemp -d "${LAB_TMP:-/tmp}/lab.XXXXXX")
  chmod 755 "$T"
  mkdir /run/lab # nsrun makes the /run of each node in there
  LAB_MAC_OWNER=() LAB_BRIDGES=() LAB_SERVERS=() LAB_SNIFFERS=()
}

# Removes all nodes. The cables are deleted first: a namespace may end only some time after its deletion, and the names
# of the cables are needed again.
lab_clear() {
  local name processes cable
  for name in $(ip netns list | cut -d' ' -f1); do
    processes=$(ip netns pids "$name")
    # shellcheck disable=SC2086  # one word per process
    [ -z "$processes" ] || kill -KILL $processes 2>/dev/null
    for cable in /sys/class/net/"$name".*; do [ ! -e "$cable" ] || ip link delete "${cable##*/}"; done
    ip netns delete "$name"
  done
  for name in "${!LAB_BRIDGES[@]}"; do ip link delete "$name"; done
  rm -rf /run/lab
}

# node NAME IFACE=ADDR/PLEN[,ADDR/PLEN...][@BRIDGE]...   (BRIDGE: made at first use; default br0)
# There are only two runs of ip(8) per node, one outside and one inside: a process costs 15 ms in the guest.
node() {
  local name=$1 interface addresses bridge index=0 cables inside link_address
  shift
  [ -d /run/lab ] || lab_begin
  cables="netns add $name"$'\n' inside="link set lo up"$'\n'
  for interface; do
    addresses=${interface#*=} interface=${interface%%=*} bridge=br0
    case $addresses in *@*) bridge=${addresses#*@} addresses=${addresses%%@*} ;; esac
    make_link_address "${addresses%%/*}"
    LAB_MAC_OWNER[$link_address]=$name
    if [ -z "${LAB_BRIDGES[$bridge]:-}" ]; then
      LAB_BRIDGES[$bridge]=1
      # No delay before a port forwards, and no multicast snooping: VRRP must not wait for a querier.
      cables+="link add $bridge type bridge forward_delay 0 mcast_snooping 0"$'\n'"link set $bridge up"$'\n'
    fi
    cables+="link add $name.$index type veth peer name $interface address $link_address netns $name"$'\n'
    cables+="link set $name.$index master $bridge up"$'\n'
    inside+="link set $interface up"$'\n'
    inside+="addr add ${addresses//,/ dev $interface$'\n'addr add } dev $interface"$'\n'
    index=$((index + 1))
  done
  { ip -batch - <<<"$cables" && ip -n "$name" -batch - <<<"$inside"; } || abort "node $name: not built"
}

# Sets link_address: made from the bytes of an IPv4 address; if there is none, numbered.
make_link_address() {
  # shellcheck disable=SC2086  # the four bytes are four words
  case $1 in
    *.*.*.*) printf -v link_address '02:00:%02x:%02x:%02x:%02x' ${1//./ } ;;
    *) printf -v link_address '02:01:00:00:00:%02x' ${#LAB_MAC_OWNER[@]} ;;
  esac
}

# cable_pull, cable_plug NODE [N]: pull the cable of the node's interface N (from 0, in the order of `node`), or put it
# back.
cable_pull() { ip link set "$1.${2:-0}" down; }
cable_plug() { ip link set "$1.${2:-0}" up; }

# Director pair with direct routing and three real servers (scenario S1).
topo_s1() {
  lab_begin
  node client enp5s0f0=192.168.100.10/24
  node lb1 enp5s0f0=192.168.100.2/24
  node lb2 enp5s0f0=192.168.100.6/24
  node ws1 enp5s0f0=192.168.100.3/24
  node ws2 enp5s0f0=192.168.100.4/24
  node ws3 enp5s0f0=192.168.100.5/24
}

# The cluster of four in examples/four-nodes.toml, and a client.
topo_four() {
  lab_begin
  node client eth0=192.168.100.10/24
  node lb1 eth0=192.168.100.1/24
  node lb2 eth0=192.168.100.2/24
  node ws1 eth0=192.168.100.3/24
  node ws2 eth0=192.168.100.4/24
}

# Two proxies between a public and a private net, with a client in each net (scenario S2).
topo_s2() {
  lab_begin
  node client eth0=100.100.100.10/24@public
  node inside eth0=192.168.1.10/24@private
  node hap01 eth0=100.100.100.101/24@public eth1=192.168.1.101/24@private
  node hap02 eth0=100.100.100.102/24@public eth1=192.168.1.102/24@private
}

# ---- act -------------------------------------------------------------------------------------------------

# X NODE COMMAND...: run a command on the node. If it takes longer than LAB_LIMIT, it ends with status 142.
X() {
  local name=$1
  shift
  "$LAB_TOOLS/nsrun" -t "$LAB_LIMIT" "$name" "$@"
}

# lbc NODE ARGUMENTS...: run lbconverge on the node, as that node.
lbc() {
  local name=$1
  shift
  [ -x "$LBCONVERGE" ] || { echo "no lbconverge at $LBCONVERGE: build it first" >&2; return 127; }
  X "$name" "$LBCONVERGE" ${LBC_CONFIG:+-c "$LBC_CONFIG"} --node "$name" "$@"
}

# background NODE COMMAND...: run a command with no time limit but the test's; its process id is in $!.
background() { "$LAB_TOOLS/nsrun" "$@" & }

# start NODE [VARIABLE=VALUE...]: start the daemon with $LBC_CONFIG; its log is $T/NODE.log, its process id
# ${DAEMON[NODE]}.
declare -A DAEMON=()
start() {
  local name=$1
  shift
  background "$name" env "$@" "$LBCONVERGE" -c "$LBC_CONFIG" --node "$name" run >>"$T/$name.log" 2>&1
  DAEMON[$name]=$!
  disown $!
}

# stop NODE [SIGNAL]: send the signal (default TERM) to the daemon, and wait for its end.
stop() {
  kill -"${2:-TERM}" "${DAEMON[$1]}"
  within 10 gone "${DAEMON[$1]}" || abort "$1: the daemon does not end"
}

# gone PID: true if that process has ended.
gone() { ! kill -0 "$1" 2>/dev/null; }

# serve NODE [PORT...]: start a server that answers with the node's name (TCP and UDP); it listens on return.
serve() {
  local name=$1
  shift
  [ $# -gt 0 ] || set -- 80
  LAB_SERVERS[$name]+=" $(X "$name" "$LAB_TOOLS/labsrv" "$name" "$@")" || abort "serve $name: not started"
}

# unserve NODE: end all servers of that node.
unserve() {
  # shellcheck disable=SC2086  # one word per process
  kill -KILL ${LAB_SERVERS[$1]}
  LAB_SERVERS[$1]=
}

# ---- look ------------------------------------------------------------------------------------------------

# fetch NODE URL: print one page. The page of labsrv is the server's name.
fetch() { X "$1" "$LAB_TOOLS/fetch" "$2"; }

# fetches N URL [NODE]: print which servers answered N requests of the node (default: client), "ws1=5 ws2=5"; a failure
# counts as "none".
fetches() { X "${3:-client}" "$LAB_TOOLS/fetch" "$2" "$1"; }

mac() { X "$1" cat "/sys/class/net/$2/address"; }

# arp_owner NODE ADDRESS: print the nodes that answer NODE's ARP request for the address, sorted; "nobody" if there is
# none.
arp_owner() {
  local interface answer owners=()
  interface=$(X "$1" ip -o -4 route get "$2" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
  for answer in $(X "$1" "$LAB_TOOLS/arpwho" "$interface" "$2"); do owners+=("${LAB_MAC_OWNER[$answer]:-$answer}"); done
  [ ${#owners[@]} -gt 0 ] || { echo nobody; return; }
  printf '%s\n' "${owners[@]}" | sort -u | paste -sd' '
}

# sniff NODE IFACE FILTER FILE: write a line per packet to FILE from now on. sniffed FILE: stop, and count them.
# tcpdump loses packets that it has not read yet when it is stopped. So sniffed sends a last packet, an ARP request for
# LAB_MARK, and waits until tcpdump has printed it. tcpdump also loses packets that do not fit into its buffer, which
# holds only a dozen of the default size; hence -s and -B.
LAB_MARK=127.86.83.9
sniff() {
  local name=$1 interface=$2 filter=$3 file=$4
  background "$name" tcpdump -l --immediate-mode -s 512 -B 8192 -enni "$interface" \
    "${filter:+($filter) or }arp dst host $LAB_MARK" >"$file" 2>"$file.err"
  LAB_SNIFFERS[$file]="$! $name $interface"
  disown $!
  within 5 grep -q 'listening on' "$file.err" || abort "sniff $name: $(cat "$file.err")"
}

sniffed() {
  local process name interface
  if [ -n "${LAB_SNIFFERS[$1]:-}" ]; then
    read -r process name interface <<<"${LAB_SNIFFERS[$1]}"
    X "$name" "$LAB_TOOLS/arpwho" "$interface" "$LAB_MARK" 1
    within 5 grep -q "who-has $LAB_MARK" "$1" || abort "sniffed: tcpdump on $name does not get on: $(cat "$1.err")"
    kill -KILL "$process"
    sed -i "/who-has $LAB_MARK/d" "$1"
    unset "LAB_SNIFFERS[$1]"
  fi
  wc -l <"$1"
}

# within SECONDS COMMAND...: repeat the command until it succeeds, for this time at most.
within() {
  local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# ---- judge -----------------------------------------------------------------------------------------------

ok() {
  LAB_CHECKS=$((LAB_CHECKS + 1))
  echo "ok   $*"
}

fail() {
  LAB_CHECKS=$((LAB_CHECKS + 1)) LAB_FAILED=$((LAB_FAILED + 1))
  echo "FAIL $*"
}

# check DESCRIPTION COMMAND...: the command must succeed.
check() { check_exit "$1" 0 "${@:2}"; }

# check_fails DESCRIPTION COMMAND...: the command must end by itself (not by a signal), with a status that is not 0.
check_fails() {
  local description=$1 status=0 output
  shift
  output=$("$@" 2>&1) || status=$?
  if [ "$status" -gt 0 ] && [ "$status" -lt 126 ]; then ok "$description"; else report "$description" "a failure" "$status" "$output" "$@"; fi
}

# check_exit DESCRIPTION STATUS COMMAND...: the command must end with this status.
check_exit() {
  local description=$1 expected=$2 status=0 output
  shift 2
  output=$("$@" 2>&1) || status=$?
  if [ "$status" = "$expected" ]; then ok "$description"; else report "$description" "$expected" "$status" "$output" "$@"; fi
}

# check_eq DESCRIPTION EXPECTED ACTUAL: both texts must be equal.
check_eq() {
  if [ "$2" = "$3" ]; then ok "$1"; else fail "$1"; printf '  | expected: %s\n  | actual:   %s\n' "$2" "$3"; fi
}

report() {
  local description=$1 expected=$2 status=$3 output=$4
  fail "$description"
  [ "$status" != 142 ] || status="142 (longer than $LAB_LIMIT s)"
  printf '  | command:  %s\n  | status:   %s, expected %s\n' "${*:5}" "$status" "$expected"
  tail -20 <<<"$output" | sed 's/^/  | /'
}

# Skips the test if this kernel cannot have the tables of the ARP filter and of redirection.
need_nftables() {
  command -v nft >/dev/null || skip "nft is not installed"
  unshare --net nft 'add table arp x; add chain arp x x { type filter hook input priority 0; }
    add table ip x; add chain ip x x { type nat hook prerouting priority 0; }' 2>/dev/null ||
    skip "this kernel has no nftables of the families arp and ip"
}

# skip REASON: this guest lacks something that the test needs. A skip is always printed and counted.
skip() {
  LAB_SKIPPED=1
  echo "SKIP $*"
  exit 77
}

# abort REASON: the lab itself is broken, so there can be no verdict on lbconverge.
abort() {
  fail "lab: $*"
  exit 1
}

# Runs at the end of a test, however it ends. One failed check makes the status non-zero, and so does a test without a
# check.
lab_verdict() {
  local status=$?
  [ -z "$LAB_SKIPPED" ] || exit 77
  [ "$LAB_CHECKS" -gt 0 ] || fail "the test made no check"
  [ "$LAB_FAILED" = 0 ] || exit 1
  exit "$status"
}
case $- in *i*) ;; *) trap lab_verdict EXIT ;; esac
