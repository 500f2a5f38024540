#!/bin/bash
# A server that is down gets nothing, whatever the scheduler, protocol and persistence, by default: 4 s after one of two
# has died, no request of any client is lost. (Of SCTP only where the guest has it.)
. "$(dirname "$0")/../lab.sh"
. "$LAB/traffic.sh"
schedulers='rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh'
protocols='tcp tcp-p udp'
! modprobe -q sctp || protocols+=' sctp sctp-p'

[ -z "${ipv6:-}" ] || traffic_ipv6
traffic_lab lb1 ws1 ws2
traffic_services "$schedulers" "$protocols"
traffic_serve ws1 ws2
POOL='ws1 ws2' DIRECTORS=lb1
ours >"$T/lb.toml"
LBC_CONFIG=$T/lb.toml
check "the file is right" lbc lb1 check
start lb1
up() { [ "$(X lb1 ipvsadm -Sn | grep -- '^-a ' | grep -vc -- '-w 0$')" = $((2 * $(wc -l <"$T/services"))) ]; }
check "all servers of all services are up" within 20 up
crowd once >"$T/before"
check_eq "while both live, every request is answered" 0 "$(lost "$T/before")"
check_eq "by both" "ws1 ws2" "$(cut -d' ' -f2- "$T/before" | tr ' ' '\n' | sort -u | paste -sd' ')"

# First one, then the other: of dh and fo, all clients have one server.
for victim in ws1 ws2; do
  cable_pull $victim
  sleep 4
  crowd once >"$T/after"
  check_eq "4 s after $victim has died, none is lost" "" "$(awk '{
    n = 0; for (i = 2; i <= NF; i++) if ($i == "-" || $i == "x") n++
    if (n) printf "%s%s:%d", (k++ ? " " : ""), $1, n }' "$T/after")"
  cable_plug $victim
  check "it comes back" within 20 up
  crowd once >"$T/back"
  check_eq "and no request is lost by that" 0 "$(lost "$T/back")"
done
