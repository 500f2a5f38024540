#!/bin/bash
# A service by firewall mark, whose mark lbconverge sets: two ports of a VIP are one service. Both families, a mark that
# changes, a rule that a person deletes, and back to nothing.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20
LBC_CONFIG=$T/lb.toml

topo_four
X lb1 nft 'add table ip x; add chain ip x x { type filter hook prerouting priority 0; }' 2>/dev/null ||
  skip "this kernel has no nftables for IPv4"
X lb1 nft flush ruleset
file() { # FWMARK
  cat >"$LBC_CONFIG" <<E2
role = "director"
interface = "eth0"
vips = ["$VIP"]
[[service]]
fwmark = $1
marks = ["tcp $VIP:80", "udp $VIP:53"]
scheduler = "rr"
real_servers = ["192.168.100.3", "192.168.100.4"]
E2
}
for name in ws1 ws2; do
  X $name sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  X $name ip addr add $VIP/32 dev lo
  serve $name 80 81 53
done

file 7
check "apply" lbc lb1 apply
check "in sync" lbc lb1 diff
check_eq "port 80 is balanced" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check "port 53 over UDP, too" grep -Eq ' ok=([5-9]|10) fail=0 ' <<<"$(X client "$LAB_TOOLS/pinger" udp $VIP 53 50 0.5)"
check_fails "port 81 is nobody's" fetch client http://$VIP:81/
file 8
check_eq "another mark is another service" 2 "$(lbc lb1 diff | grep -c 'fwmark 7 -> 8')"
check "apply" lbc lb1 apply
check "in sync" lbc lb1 diff
check_eq "balanced as before" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
X lb1 nft flush chain ip lbconverge marking
check_eq "a table without its rule is seen" 2 "$(lbc lb1 diff | grep -c 'enforced false -> true.*drifted')"
check "and put right" lbc lb1 apply
check_eq "balanced again" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check "release" lbc lb1 release
check_eq "nothing is left" "" "$(X lb1 nft list tables)"
