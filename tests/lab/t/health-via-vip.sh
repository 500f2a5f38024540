#!/bin/bash
# Checks that go through the VIP (via = "vip"): both a backup and a master find a real server without the VIP, and the
# report says which of the two is at fault.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20

lab_begin
node client eth0=192.168.100.10/24
node lb1 eth0=192.168.100.1/24
node ws1 eth0=192.168.100.3/24
node ws2 eth0=192.168.100.4/24
for name in ws1 ws2; do
  X $name sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  serve $name 80
done
X ws1 ip addr add $VIP/32 dev lo
config=$T/lb.toml
LBC_CONFIG=$config
write() { # VRRP
  cat >"$config" <<E2
interface = "eth0"
vips = ["$VIP"]
[nodes]
lb1 = { role = "director", address = "192.168.100.1", priority = $1 }
ws1 = { role = "real-server", address = "192.168.100.3" }
ws2 = { role = "real-server", address = "192.168.100.4" }
[[vrrp]]
vrid = 51
advert_interval = "200ms"
start_delay = "$2"
[[service]]
vip = "$VIP"
port = 80
scheduler = "rr"
real_servers = ["ws1", "ws2"]
check = { type = "$3", via = "vip", interval = "300ms", timeout = "300ms", fall = 2, rise = 2 }
E2
}
weight() { X lb1 ipvsadm -Sn | awk -v to="$1:80" '{for (i = 1; i < NF; i++) if ($i == "-r" && $(i + 1) == to) w = $0} END {sub(/.*-w /, "", w); print w == "" ? "none" : w + 0}'; }
is_weight() { [ "$(weight "$1")" = "$2" ]; }
master() { X lb1 ip -o addr show dev eth0 | grep -qF " $VIP/"; }
refused() { lbc lb1 status | grep -q '192.168.100.4:80 http down .*connect refused'; }
why() { lbc lb1 diff | sed -n 's/.*h  *server 192.168.100.4:80 .*tcp 192.168.100.20:80  *//p'; }


write 150 60s tcp
start lb1
check "as backup: the server that has the VIP is up" within 10 is_weight 192.168.100.3 1
check "the one that does not is not there" within 5 is_weight 192.168.100.4 none
check_fails "and this is no master" master
says_vip() { grep -q "^down: 192.168.100.4 answers, but not for VIP $VIP: connect timed out" <<<"$(why)"; }
check "the report says that it is the VIP" within 5 says_vip
X ws2 ip addr add $VIP/32 dev lo
check "with the VIP it comes up" within 5 is_weight 192.168.100.4 1

stop lb1
write 150 0s http
start lb1
check "master" within 15 master
check "as master: both are up" within 10 sh -c "[ \$(ip netns exec lb1 ipvsadm -Sn | grep -c -- '-r 192.168.100.[34]:80 -g -w 1') = 2 ]"
check_eq "clients do not notice" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check_eq "the interface takes answers from its own address" 1 "$(X lb1 cat /proc/sys/net/ipv4/conf/eth0/accept_local)"
X ws2 ip addr del $VIP/32 dev lo
check "a lost VIP is found" within 5 is_weight 192.168.100.4 0
check "and named" grep -q "^down: 192.168.100.4 answers, but not for VIP" <<<"$(why)"
check_eq "nobody meets it" "ws1=6" "$(fetches 6 http://$VIP/)"
unserve ws2
check "when the server itself dies, that is what is said" within 10 refused
check_exit "nothing is left to do" 0 lbc lb1 diff
tail -5 "$T/lb1.log"
