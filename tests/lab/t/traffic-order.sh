#!/bin/bash
# While the order of the servers of mh and sh is put right, no client is refused and no connection ends; of UDP a datagram
# may get lost. A server with the smallest address comes and goes, so that all others are removed and added again each
# time.
. "$(dirname "$0")/../lab.sh"
. "$LAB/traffic.sh"
ROUNDS=${LAB_ROUNDS:-5}

traffic_lab lb1 ws1 ws2 ws3
traffic_services 'mh sh' 'tcp udp'
traffic_serve ws1 ws2 ws3
DIRECTORS=lb1
POOL='ws2 ws3' && ours >"$T/without.toml"
POOL='ws1 ws2 ws3' && ours >"$T/with.toml"
sed -i 's/^scheduler = /drain_timeout = "2s"\n&/' "$T/with.toml" "$T/without.toml"
apply() { LBC_CONFIG=$T/$1.toml lbc lb1 apply >>"$T/applied" 2>&1; }
# gone_again: the server that leaves has no row any more: its connections have ended, or had their time.
gone_again() { apply without && ! X lb1 ipvsadm -Sn | grep -q -- '-r 192.168.100.3:'; }
order() { X lb1 ipvsadm -Ln --nosort -t $VIP:"$1" | sed -n 's/.*-> 192.168.100.\([0-9]*\):.*/\1/p' | paste -sd' '; }

check "the two others are loaded" apply without
check_eq "which directors choose alike for that" 1 "$(X lb1 cat /proc/sys/net/ipv4/vs/expire_nodest_conn)"
grep '^tcp' "$T/clients" >"$T/tcp"
coproc HOLD { "$LAB_TOOLS/nsrun" client "$LAB_TOOLS/crowd" 192.168.100.101 $CLIENTS "$T/tcp" hold 90; }
read -r ready <&"${HOLD[0]}"
check_eq "each client has an open connection to each service" ready "$ready"
background client "$LAB_TOOLS/crowd" 192.168.100.101 $CLIENTS "$T/clients" load 20 $((ROUNDS * 2)) >"$T/load"
load=$!
for ((round = 1; round <= ROUNDS; round++)); do
  check "round $round: the first one comes" apply with
  check_eq "and to its own place" "5 4 3 5 4 3" "$(order 8001) $(order 8002)" # without repair 3 5 4
  check "it leaves" within 20 gone_again
done
wait $load
cat "$T/load"
check_eq "no request of TCP was lost" 0 "$(awk '/^tcp/ { n += $3 } END { print n + 0 }' "$T/load")"
check "and of UDP no more than a datagram for each time" \
  test "$(awk '/^udp/ { n += $3 } END { print n + 0 }' "$T/load")" -le $((ROUNDS * 4))
echo >&"${HOLD[1]}"
cat <&"${HOLD[0]}" >"$T/held"
cat "$T/held"
check_eq "and every open connection still answers" "" "$(tr ' ' '\n' <"$T/held" | grep = | grep -v '=ok')"
check_eq "expire_nodest_conn is as before" 1 "$(X lb1 cat /proc/sys/net/ipv4/vs/expire_nodest_conn)"
