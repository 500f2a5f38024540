#!/bin/bash
# The example of two VIPs that fail over together (scenario S2), unchanged: if anything fails on either side, both VIPs
# move, and they are never on different nodes for long.
. "$(dirname "$0")/../lab.sh"

topo_s2
LBC_CONFIG=$LAB_REPO/examples/s2-two-vips.toml
background hap01 bash -c 'exec -a haproxy sleep 1000' # nodes share the processes of the machine
PROXY=$!
disown $!

states() { lbc "$1" status --json 2>/dev/null | grep -o '"state":"[a-z]*","undecided"' | cut -d'"' -f4 | paste -sd' '; }
are() { [ "$(states "$1")" = "$2" ]; }
vips() { X "$1" ip -o -4 addr show secondary | awk '{print $4}' | sort | paste -sd' '; }
have() { [ "$(vips "$1")" = "$2" ]; }
says() { lbc "$1" status --json | grep -q "$2"; }
BOTH="100.100.100.100/24 192.168.1.100/24"
on() { have "$1" "$BOTH" && have "$2" ""; }

start hap01
check "hap01 is ready" within 5 are hap01 "backup backup"
start hap02
check "hap01 becomes master of both" within 10 are hap01 "master master"
check "and has both VIPs" within 3 on hap01 hap02
check_eq "public, as ip addr shows it" "100.100.100.100/24 brd 100.100.100.255 scope global secondary eth0" \
  "$(X hap01 ip -o -4 addr show dev eth0 secondary | sed 's/.*inet //; s/\\.*//; s/ *$//')"
check_eq "private" "192.168.1.100/24 brd 192.168.1.255 scope global secondary eth1" \
  "$(X hap01 ip -o -4 addr show dev eth1 secondary | sed 's/.*inet //; s/\\.*//; s/ *$//')"
check_eq "hap02 keeps its own addresses only" "100.100.100.102/24 192.168.1.102/24" \
  "$(X hap02 ip -o -4 addr show scope global | awk '{print $4}' | sort | paste -sd' ')"
check_eq "the client finds hap01" hap01 "$(arp_owner client 100.100.100.100)"
check_eq "and so does the one inside" hap01 "$(arp_owner inside 192.168.1.100)"

# Either interface fails: the group is in fault. On the link that is lost no advertisement can say so, and the other
# node does not wait for one.
for which in 0 1; do
  cable_pull hap01 $which
  check "eth$which lost: both move" within 3 on hap02 hap01
  check_eq "eth$which lost: hap01 is in fault" "fault fault" "$(states hap01)"
  check "eth$which lost: and says why" says hap01 "sync group VSG: VI_P[A-Z]*: interface eth$which has no link"
  check "eth$which lost: the client finds hap02" within 3 test hap02 = "$(arp_owner client 100.100.100.100)"
  check "eth$which lost: inside as well" within 3 test hap02 = "$(arp_owner inside 192.168.1.100)"
  cable_plug hap01 $which
  check "eth$which is back: both come back" within 8 on hap01 hap02
done

# One instance hears nothing any more, though its link is up.
X hap02 iptables-legacy -I INPUT -i eth0 -p vrrp -j DROP
sleep 5 # longer than the down interval: in this time nothing must happen
check_eq "deaf on one link, hap02 takes nothing" "" "$(vips hap02)"
check_eq "and hap01 keeps both" "$BOTH" "$(vips hap01)"
X hap02 iptables-legacy -D INPUT -i eth0 -p vrrp -j DROP
for link in eth0 eth1; do X hap02 iptables-legacy -I INPUT -i $link -p vrrp -j DROP; done
check "deaf on both, it takes both" within 8 have hap02 "$BOTH"
X hap02 iptables-legacy -D INPUT -i eth1 -p vrrp -j DROP
check "one link heals: it gives both back" within 5 on hap01 hap02
X hap02 iptables-legacy -F INPUT

# The proxy ends, and the weight of its track counts. All nodes of the lab see the same processes, so both lose it, and
# hap01 stays master.
kill "$PROXY"
check "the proxy's end is noticed" within 5 says hap01 '"state":"bad","why":"no process haproxy"'
check "the priority is that of the file" within 3 says hap01 '"priority":101,"base_priority":101'
check "on for both, so nothing moves" on hap01 hap02

# The daemon is stopped and started: both VIPs move.
kill -TERM "${DAEMON[hap01]}"
check "stopped: both move" within 4 on hap02 hap01
check "the daemon ends" within 5 gone "${DAEMON[hap01]}"
start hap01
check "started: both come back" within 10 on hap01 hap02
X hap02 ip addr add 192.168.1.100/24 brd 192.168.1.255 dev eth1 # a second later it is seen and removed
check "a sibling's stale VIP does not stay" within 3 on hap01 hap02
