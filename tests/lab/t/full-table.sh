#!/bin/bash
# A director has a full routing table of the Internet, in which some routes change all the time. It takes over and reads
# the kernel as fast as one without it, and the routes of its file are as the file says.
# lab: native
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20
lab_begin
node client eth0=192.168.100.10/24
node lb1 eth0=192.168.100.1/24
node lb2 eth0=192.168.100.2/24
LBC_CONFIG=$T/lb.toml
cat >"$LBC_CONFIG" <<EOF
role = "director"
interface = "eth0"
[nodes]
lb1 = { address = "192.168.100.1", priority = 150 }
lb2 = { address = "192.168.100.2", priority = 100 }
[[vip]]
address = "$VIP"
vrrp = "V"
[[route]]
to = "172.31.0.0/16"
via = "192.168.100.10"
source = "$VIP"
vrrp = "V"
[[vrrp]]
name = "V"
vrid = 51
advert_interval = "200ms"
EOF
has() { X "$1" ip -o addr show dev eth0 | grep -q " $VIP/"; }
lacks() { ! has "$@"; }
route_is() { X "$1" ip -4 route show 172.31.0.0/16 | grep -q "$2"; }
no_route() { [ -z "$(X "$1" ip -4 route show 172.31.0.0/16)" ]; }
work() { # the time that five looks use outside of the kernel, in ms
  local TIMEFORMAT=%U
  { time for i in 1 2 3 4 5; do lbc lb2 diff --as backup >"$T/diff" 2>&1; done; } 2>&1 | awk '{print int($1 * 1000)}'
}
take_over() { # the time from the won election to the VIP, in ms
  kill -KILL "${DAEMON[lb1]}"
  cable_pull lb1
  within 5 has lb2 || return
  python3 - "$T/lb2.log" "$T/addresses" $VIP <<'EOF'
import datetime, re, sys
def last(name, marks):
    lines = [line for line in open(name) if all(mark in line for mark in marks)]
    return datetime.datetime.fromisoformat(re.match(r"\[([^]]*)\]", lines[-1])[1])
won = last(sys.argv[1], ["backup -> master"])
there = last(sys.argv[2], [sys.argv[3] + "/"])
print(round((there - won).total_seconds() * 1000))
EOF
}
back() {
  X lb1 ip addr del $VIP/32 dev eth0
  cable_plug lb1
  start lb1
  check "lb1 is master again" within 12 has lb1
  check "and lb2 is not" within 5 lacks lb2
}

start lb1
check "lb1 becomes master" within 12 has lb1
background lb2 ip -ts -o monitor address >"$T/addresses"
start lb2
check "lb2 answers" within 12 lbc lb2 status
check "the route is there on the master" within 3 route_is lb1 'via 192.168.100.10 .*src'
check "and not on the backup" no_route lb2
sleep 1
quiet_work=$(work) quiet=$(take_over)
check "the route follows the VIP" within 3 route_is lb2 'via 192.168.100.10 .*src'
back
check "and leaves with it" within 3 no_route lb2

awk 'BEGIN { for (i = 0; i < 200000; i++) printf "route add 10.%d.%d.%d/32 via 192.168.100.10\n", i / 65536, i / 256 % 256, i % 256 }' >"$T/routes"
LAB_LIMIT=100 X lb2 ip -batch "$T/routes" || abort "200,000 routes: not made"
background lb2 sh -c "while :; do echo 'route add 11.0.0.1/32 via 192.168.100.10'; echo 'route del 11.0.0.1/32'; sleep 0.01; done | ip -force -batch -"
sleep 2
full_work=$(work) full=$(take_over)
echo "five looks: $quiet_work ms, with 200,000 routes $full_work ms; VIP after the election: $quiet ms, with the routes ${full:-never}"
check "a look does not read the table" [ "$full_work" -lt $((2 * quiet_work + 100)) ]
check "a take-over costs no more" [ "${full:-9999}" -lt $((quiet + 100)) ]
check "the route follows the VIP" within 3 route_is lb2 'via 192.168.100.10 .*src'
X lb2 ip route del 172.31.0.0/16
check "our route is put back" within 3 route_is lb2 'via 192.168.100.10 .*src'
X lb2 ip route replace 172.31.0.0/16 via 192.168.100.1
sleep 1
check "somebody else's in its place is seen and left alone" route_is lb2 'via 192.168.100.1 '
check "and status says so" grep -q 'there is another one already' "$T/lb2.log"
