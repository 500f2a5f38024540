#!/bin/bash
# The daemon: two directors elect a master, and the VIP follows. It is not lost, whatever happens to the daemon.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20

topo_four
LBC_CONFIG=$T/lb.toml
sed '/^vrid = 51/a advert_interval = "200ms"' "$LAB_REPO/examples/four-nodes.toml" >"$LBC_CONFIG"
printf '[[service]]\nvip = "%s"\nport = 53\nprotocol = "udp"\nscheduler = "rr"\nreal_servers = ["ws1", "ws2"]\n' $VIP >>"$LBC_CONFIG"
serve ws1 80 53
serve ws2 80 53
for name in ws1 ws2; do check "$name: apply" lbc $name apply; done

state() { lbc "$1" status --json 2>/dev/null | grep -o '"state":"[a-z]*"' | head -1 | cut -d'"' -f4; }
is() { [ "$(state "$1")" = "$2" ]; }
masters_of() { lbc "$1" status --json | grep -o '"became_master":[0-9]*' | cut -d: -f2; }
has() { X "$1" ip -o addr show dev eth0 | grep -qF "$VIP/"; }
lacks() { ! has "$1"; }
ping_client() { # SECONDS FILE
  X client "$LAB_TOOLS/pinger" udp $VIP 53 10 "$1" >"$2" &
}
worst() { sed -n 's/.*maxgap_ms=\([0-9]*\).*/\1/p' "$1"; }

check_exit "status without a daemon" 1 lbc lb1 status
start lb1
check "lb1 runs" within 10 lbc lb1 status
start lb2
check "lb1 becomes master" within 10 is lb1 master
check "and has the VIP" within 2 has lb1
check "lb2 is backup" is lb2 backup
check "without the VIP" lacks lb2
check_eq "and with the table" 2 "$(X lb2 ipvsadm -Sn | grep -c -- '-a -t')"
check_eq "only lb1 answers" lb1 "$(arp_owner client $VIP)"
check_eq "both real servers serve" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check_eq "lb2 never was master" 0 "$(masters_of lb2)"
check "status for people" grep -q 'vrrp-51 *master' <<<"$(lbc lb1 status)"

check "diff knows what the election has decided" lbc lb1 diff
check_eq "and explain" 1 "$(lbc lb1 explain $VIP | grep -c 'election vrrp-51: master')"

# Beside a daemon, the daemon does a one-shot apply.
check_exit "apply beside the daemon" 0 lbc lb1 apply
check_eq "says that it is in sync" 2 "$(lbc lb1 apply | grep -c 'in sync')"
check_eq "as JSON, too" '"status":"in sync"' "$(lbc lb1 apply --json | grep -o '"status":"[a-z ]*"')"
check_exit "but not against the election" 75 lbc lb1 apply --as backup
check "the VIP stays" has lb1

# The daemon corrects drift by itself.
background lb1 ip -ts -o monitor address >"$T/monitor"
sleep 0.3
X lb1 ip addr del $VIP/32 dev eth0
check "a VIP deleted by hand comes back" within 1 has lb1
sleep 0.2
took=$(sed -n "s/^\[.*:\([0-9.]*\)\] \(Deleted \)\{0,1\}.*$VIP.*/\1/p" "$T/monitor" |
  awk 'NR == 1 {a = $1} NR == 2 {print int((($1 - a + 60) % 60) * 1000)}')
check "within 50 ms ($took ms)" test "${took:-999}" -lt 50
check_eq "and lb1 was master all the time" 1 "$(masters_of lb1)"
X lb1 ipvsadm -d -t $VIP:80 -r 192.168.100.3:80
check_exit "a server deleted by hand is put back by the next apply" 0 lbc lb1 apply
check_eq "it is there" 2 "$(X lb1 ipvsadm -Sn | grep -c -- '-a -t')"

# A planned hand-over loses no packet.
ping_client 4 "$T/stop"
pinger=$!
sleep 1
kill -TERM "${DAEMON[lb1]}"
check "lb2 takes over" within 3 is lb2 master
check "lb1's daemon ends" within 5 gone "${DAEMON[lb1]}"
check "and leaves no VIP" lacks lb1
wait "$pinger"
check_eq "no request was lost" 0 "$(sed -n 's/.*fail=\([0-9]*\).*/\1/p' "$T/stop")"
check "of many" test "$(sed -n 's/.*ok=\([0-9]*\).*/\1/p' "$T/stop")" -gt 300
echo "longest gap at a clean stop: $(worst "$T/stop") ms"
start lb1
check "lb1 comes back and takes over again" within 5 is lb1 master
check "lb2 gives the VIP up" within 2 lacks lb2

# A daemon that is killed leaves the VIP, and the next daemon goes on with it.
kill -KILL "${DAEMON[lb1]}"
check "the VIP stays without a daemon" has lb1
start lb1
check "the next daemon is master again" within 5 is lb1 master
check "and lb2 was so once at most meanwhile" test "$(masters_of lb2)" -le 2

# The cable is cut.
cable_pull lb1
check "lb2 takes over from a node that is cut off" within 3 is lb2 master
check "lb1 sees that it is cut off" within 2 is lb1 fault
check "and holds no VIP" within 2 lacks lb1
cable_plug lb1
check "lb1 takes over again" within 5 is lb1 master
check "lb2 gives the VIP up" within 2 lacks lb2

# Reload: a file with a mistake changes nothing. Of a good file only the changes are carried out.
cp "$LBC_CONFIG" "$T/good.toml"
echo 'nonsense = 1' >"$LBC_CONFIG"
kill -HUP "${DAEMON[lb1]}"
check "a bad file is refused" within 3 grep -q 'the configuration stays as it was' "$T/lb1.log"
sed 's/^port = 80/port = 81/' "$T/good.toml" >"$LBC_CONFIG"
printf '\n[limits]\nmax_service_deletes = 0\n' >>"$LBC_CONFIG"
kill -HUP "${DAEMON[lb1]}"
check "and so is one that exceeds a guard" within 3 \
  grep -q 'max_service_deletes is 0; the configuration stays as it was' "$T/lb1.log"
check "lb1 is still master" is lb1 master
sed 's/^port = 80/port = 80\nscheduler = "rr"/' "$T/good.toml" >"$LBC_CONFIG"
before=$(masters_of lb1)
kill -HUP "${DAEMON[lb1]}"
check "a good one is carried out" within 3 sh -c "ip netns exec lb1 ipvsadm -Sn | grep -q -- '-s rr'"
check_eq "and the election did not notice" "$before" "$(masters_of lb1)"

for name in lb1 lb2; do kill -TERM "${DAEMON[$name]}"; done
for name in lb1 lb2; do check "$name: the daemon ends" within 6 gone "${DAEMON[$name]}"; done
check "no VIP is left" lacks lb1
check "nor there" lacks lb2
cat "$T/lb1.log"
