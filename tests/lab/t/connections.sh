#!/bin/bash
# Established connections: edits are made in place, servers are drained before they are removed.
. "$(dirname "$0")/../lab.sh"
topo_four
VIP=192.168.100.20
config() { # SCHEDULER WEIGHT THRESHOLD DRAIN SERVERS...: the file, with what a test changes
  cat <<E2
interface = "eth0"
vips = ["$VIP"]
role = "director"
[[service]]
vip = "$VIP"
port = 80
scheduler = "$1"
drain_timeout = "$4"
real_servers = [ ${*:5} ]
E2
}
server() { echo "{ address = \"192.168.100.$1\", weight = ${2:-1}, upper_threshold = ${3:-0} },"; }
LBC_CONFIG=$T/lb.toml
for name in ws1 ws2; do
  X $name sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  X $name ip addr add $VIP/32 dev lo
  serve $name 80
done
config wrr 1 0 60s "$(server 3)" >"$LBC_CONFIG"
check "apply" lbc lb1 apply

background client "$LAB_TOOLS/pinger" long $VIP 80 50 15 >"$T/long"
PING=$!
within 5 sh -c "ip netns exec lb1 ipvsadm -Ln | grep -q '192.168.100.3:80.* 1  *[0-9]* *$'"
check_eq "a connection stands" 1 "$(X lb1 ipvsadm -Ln | awk '/192.168.100.3:80/ {print $5}')"

config wrr 1 0 60s "$(server 3 9)" "$(server 4)" >"$LBC_CONFIG"
check "weight changed, server added" lbc lb1 apply
config wlc 1 0 60s "$(server 3 9 1000)" "$(server 4)" >"$LBC_CONFIG"
check "scheduler and threshold changed" lbc lb1 apply
check_eq "all in place: the connection is still counted" 1 "$(X lb1 ipvsadm -Ln | awk '/192.168.100.3:80/ {print $5}')"
check_eq "and the threshold is there" 1000 "$(X lb1 ipvsadm -Ln --thresholds | awk '/192.168.100.3:80/ {print $3}')"

config wlc 1 0 60s "$(server 4)" >"$LBC_CONFIG"
check "the server leaves the file" lbc lb1 apply
check_eq "it gets no new connections, but keeps the old one" "0 1" "$(X lb1 ipvsadm -Ln | awk '/192.168.100.3:80/ {print $4, $5}')"
check_eq "diff says so and is content" "in sync, 1 draining" "$(lbc lb1 diff | grep -o 'in sync.*')"
check_eq "JSON calls it deferred" 1 "$(lbc lb1 diff --json | grep -o '"deferred":1' | wc -l)"
wait $PING
check_eq "the connection lived through all of it" "" "$(grep -o 'connection lost.*' "$T/long")"
check "without a gap" test "$(sed 's/.*maxgap_ms=\([0-9]*\).*/\1/' "$T/long")" -lt 1000

within 5 sh -c "ip netns exec lb1 ipvsadm -Ln | grep -q '192.168.100.3:80.* 0  *[0-9]* *$'"
check "once it is closed" lbc lb1 apply
check_eq "the server is removed" 0 "$(X lb1 ipvsadm -Ln | grep -c 192.168.100.3)"

# With drain_timeout 0 a server is removed at once.
config wlc 1 0 0s "$(server 3)" >"$LBC_CONFIG"
check "apply" lbc lb1 apply
background client "$LAB_TOOLS/pinger" long $VIP 80 50 8 >"$T/long2"
PING=$!
within 5 sh -c "ip netns exec lb1 ipvsadm -Ln | grep -q '192.168.100.3:80.* 1  *[0-9]* *$'"
config wlc 1 0 0s "$(server 4)" >"$LBC_CONFIG"
check "drain_timeout 0s" lbc lb1 apply
check_eq "removes at once" 0 "$(X lb1 ipvsadm -Ln | grep -c 192.168.100.3)"
wait $PING
