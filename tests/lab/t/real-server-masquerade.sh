#!/bin/bash
# Masquerading (examples/s4d): the default route of the real servers leads to the director, and follows the file.
. "$(dirname "$0")/../lab.sh"
LBC_CONFIG=$LAB_REPO/examples/s4d-masquerade.toml
VIP=192.168.1.200

lab_begin
node client eth0=192.168.1.10/24@outside
node lb eth0=192.168.1.1/24@outside eth1=10.0.0.1/24@inside
node ws1 eth0=10.0.0.3/24@inside
node ws2 eth0=10.0.0.4/24@inside
for name in ws1 ws2; do serve $name 8080; done
route_of() { X "$1" ip -4 route show default; }

check "the director" lbc lb apply
check_eq "without a way back nobody is served" "none=2" "$(fetches 2 http://$VIP/)"
for name in ws1 ws2; do
  check "$name: apply" lbc $name apply
  check "$name: in sync" lbc $name diff
done
check_eq "the route is tagged as ours" "default via 10.0.0.1 dev eth0 proto 76" "$(route_of ws1 | sed 's/ *$//')"
sniff client eth0 "tcp and src net 10.0.0.0/24" "$T/direct"
check_eq "both serve, through the director both ways" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check_eq "no answer comes from a real server's own address" 0 "$(sniffed "$T/direct")"

# Drift, and a change of the file. The route is changed in place, so that there is always one.
X ws1 ip route del default
check_eq "a route that is gone is drift" 1 "$(lbc ws1 diff | grep -c '+ route  *default  via 10.0.0.1.*drifted')"
check "and comes back" lbc ws1 apply
X ws1 ip route replace default via 10.0.0.4
check_exit "one that somebody has put in its place has not our mark, and is not replaced" 4 lbc ws1 apply
X ws1 ip route replace default via 10.0.0.4 proto 76
check_eq "another gateway is drift" 1 "$(lbc ws1 diff | grep -c 'via 10.0.0.4 -> 10.0.0.1.*drifted')"
X ws1 ip monitor route >"$T/events" &
monitor=$!
check "and is put right" lbc ws1 apply
within 5 grep -q 'default via 10.0.0.1' "$T/events"
kill $monitor
check_eq "in place: no moment without a default route" 0 "$(grep -c '^Deleted default' "$T/events")"

# Routes of others stay.
X ws2 ip route add default via 10.0.0.77 metric 100
X ws2 ip route add 172.16.0.0/12 via 10.0.0.77
check "routes of others, beside ours: in sync" lbc ws2 diff
check "release" lbc ws2 release
check_eq "they stay, ours is gone" "default via 10.0.0.77 dev eth0 metric 100" "$(route_of ws2 | sed 's/ *$//')"
X ws2 ip route replace default via 10.0.0.77
check_exit "somebody else's route to the same destination is not replaced" 4 lbc ws2 apply
check_eq "the row says why" 1 "$(lbc ws2 apply 2>/dev/null | grep -c '! route .*another one already, via 10.0.0.77')"
check_eq "the error says why" 1 "$(lbc ws2 apply 2>&1 >/dev/null | grep -c 'another one already, via 10.0.0.77, and it is not ours')"
check_eq "nothing was changed" 0 "$(route_of ws2 | grep -c 'proto 76')"
X ws2 ip route del default via 10.0.0.77
X ws2 ip route add default via 10.0.0.1
check "one that is as wanted is adopted" lbc ws2 diff
check_eq "nothing to write" '"changed":false' "$(lbc ws2 apply --json | grep -o '"changed":[a-z]*')"

# A route that only the master has, with its VIP as the source.
cat >"$T/master.toml" <<'END'
role = "director"
interface = "eth0"
vips = ["192.168.1.200"]
vrrp = [{ name = "V", vrid = 51 }]
[[route]]
to = "203.0.113.0/24"
via = "192.168.1.10"
source = "192.168.1.200"
vrrp = "V"
END
LBC_CONFIG=$T/master.toml
check "a master has its route" lbc lb apply --as master
check_eq "from the VIP" 1 "$(X lb ip route show 203.0.113.0/24 | grep -c 'via 192.168.1.10 dev eth0 .*src 192.168.1.200')"
check "a backup" lbc lb apply
check_eq "has neither" 0 "$( (X lb ip route; X lb ip -o addr) | grep -c -e 203.0.113 -e $VIP)"
