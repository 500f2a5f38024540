#!/bin/bash
# The part of tests/bench/both in the guest: writes lines "transition LABEL KIND …" to $LAB_OUT/results.
. "$(dirname "$0")/../lab/lab.sh"
runs=$1
VIP=192.168.0.254
nodes=(web1 web2 web3)
streams=12
results=$LAB_OUT/results
: >"$results"
declare -A PRIORITY=([web1]=150 [web2]=120 [web3]=100) RUNNING=()

configure() {
  {
    printf 'role = "both"\ninterface = "bond0"\nvips = ["%s"]\n[nodes]\n' $VIP
    printf 'web%d = { address = "192.168.0.%d", priority = %d }\n' 1 1 150 2 2 120 3 3 100
    printf '[arp]\narp_ignore = 3\narp_announce = 2\n[[vrrp]]\nvrid = 51\nadvert_interval = "100ms"\n'
    printf '[[service]]\nvip = "%s"\nport = 80\nscheduler = "rr"\nreal_servers = ["web1", "web2", "web3"]\n' $VIP
    printf '[[service]]\nvip = "%s"\nport = 53\nprotocol = "udp"\nscheduler = "rr"\n' $VIP
    printf 'real_servers = ["web1", "web2", "web3"]\n'
  } >"$T/both.toml"
}

start() { # NODE
  background "$1" "$binary" -c "$T/both.toml" --node "$1" run >>"$T/$1.log" 2>&1
  RUNNING[$1]=$!
  disown $!
}
gone() { ! kill -0 "$1" 2>/dev/null; }
stop() { # NODE
  kill -TERM "${RUNNING[$1]}"
}
ended() { within 12 gone "${RUNNING[$1]}" || abort "$1 does not end"; }
has() { [[ "$(ip -n "$1" -br addr show dev bond0)" == *" $VIP/"* ]]; }
balances() { [ "$(ip netns exec "$1" ipvsadm -Sn | grep -c -- '-a ')" = 6 ]; }
only() { # NODE: it alone has the VIP and the table
  local each
  has "$1" && balances "$1" || return 1
  for each in "${nodes[@]}"; do
    [ "$each" = "$1" ] || { ! has "$each" && ! balances "$each"; } || return 1
  done
}
settle() { within 30 only "$1" || abort "$1 does not become the only master"; }

# Packets that went in circles until their time to live was over, on all nodes.
circles() {
  local name sum=0 value
  for name in "${nodes[@]}"; do
    value=$(ip netns exec "$name" awk '$1 == "Ip:" && $5 ~ /[0-9]/ { print $5 }' /proc/net/snmp)
    sum=$((sum + value))
  done
  echo $sum
}

field() { grep -oE "(^| )$1=[0-9.]+" "$2" | cut -d= -f2; }
measure() { # KIND COMMAND...: a transition, seen by a client
  local kind=$1 before udp tcp i broken=0 all=()
  shift
  before=$(circles)
  for ((i = 0; i < streams; i++)); do
    X client "$LAB_TOOLS/pinger" long $VIP 80 50 5 >"$T/long$i" & all+=($!)
  done
  X client "$LAB_TOOLS/pinger" tcp $VIP 80 20 4 >"$T/tcp" & all+=($!)
  X client "$LAB_TOOLS/pinger" udp $VIP 53 5 4 >"$T/udp" & all+=($!)
  sleep 1.5
  "$@"
  wait "${all[@]}"
  for ((i = 0; i < streams; i++)); do
    ! grep -q 'connection lost' "$T/long$i" || broken=$((broken + 1))
  done
  udp=$(($(field sent "$T/udp") - $(field ok "$T/udp")))
  tcp="$(field fail "$T/tcp") $(field reset "$T/tcp")"
  echo "transition $label $kind $(field maxgap_ms "$T/udp") $udp $tcp $broken $(($(circles) - before))" >>"$results"
}

# While web1 is cut off it is a dead real server as well, since nothing checks its health here.
one_run() {
  measure cut cable_pull web1
  within 20 has web2 || abort "web2 does not take over"
  cable_plug web1
  settle web1
  measure stop stop web1
  ended web1
  settle_without web2
  measure return start web1
  settle web1
}
settle_without() { within 30 only "$1" || abort "$1 does not become master"; }

lab_begin
node client bond0=192.168.0.10/24
for i in 1 2 3; do node web$i bond0=192.168.0.$i/24; serve web$i 80 53; done
for pair in $LBCONVERGE_BOTH; do
  label=${pair%%=*} binary=${pair#*=}
  configure
  for name in "${nodes[@]}"; do start "$name"; done
  settle web1
  for ((run = 1; run <= runs; run++)); do
    one_run
    echo "$label: run $run of $runs ($SECONDS s)"
  done
  for name in "${nodes[@]}"; do stop "$name"; ended "$name"; done
done
ok "all transitions measured"
