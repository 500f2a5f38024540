#!/bin/bash
# A director whose cable was pulled takes over again, and no request is lost: the neighbours that could not hear it
# meanwhile are asked at once, and not a second later.
. "$(dirname "$0")/../lab.sh"
. "$LAB/traffic.sh"

traffic_lab lb1 lb2 ws1 ws2 ws3
traffic_services 'rr sh' 'tcp udp'
traffic_serve ws1 ws2 ws3
ours >"$T/lb.toml"
LBC_CONFIG=$T/lb.toml
check "the file is right" lbc lb1 check
has() { [[ "$(ip -n "$1" -br addr show dev eth0)" == *" $VIP/"* ]]; }
only() { has "$1" && ! has "$2"; }
start lb1
start lb2
check "lb1 is master" within 10 only lb1 lb2
up() { [ "$(X "$1" ipvsadm -Sn | grep -- '^-a ' | grep -vc -- '-w 0$')" = 12 ]; }
check "all servers of all services are up" within 20 up lb1
check "on the other director, too" within 20 up lb2

# The kernel asks for a neighbour every second, so a return may fall into any part of that second.
for pause in 2.0 2.3 2.6; do
  cable_pull lb1
  check "lb2 takes over" within 10 only lb2 lb1
  sleep $pause
  crowd load 200 3 400 >"$T/load" & crowd=$!
  sleep 0.8
  cable_plug lb1
  check "lb1 takes over again" within 10 only lb1 lb2
  wait $crowd
  check_eq "no request is lost while it does" "" "$(awk '$3 > 0 { printf "%s:%d of %d ", $1, $3, $2 }' "$T/load")"
  check "all servers are there" within 20 up lb1
done
