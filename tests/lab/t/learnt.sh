#!/bin/bash
# Situations with which other tools have trouble, tried on one daemon: the kernel is changed by hand, the daemon starts
# over an old table, many services, many elections at once, two masters that meet. More of them are in run-repair.sh
# (one of two VIPs is deleted, a stale VIP, a long reload), vrrp-refusals.sh (another list of VIPs), errors.sh (unknown
# words) and boot/.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20

topo_four
serve ws1 80
serve ws2 80
is() { [ "$(lbc "$1" status --json 2>/dev/null | grep -o '"state":"[a-z]*"' | head -1 | cut -d'"' -f4)" = "$2" ]; }
table() { X lb1 ipvsadm -Sn | sort; }
same_table() { [ "$(table)" = "$1" ]; }
# Prints how many rows an apply by the daemon has created, updated and deleted: "1 0 0".
did() { lbc lb1 apply --json | sed -n 's/.*"create":\([0-9]*\),"update":\([0-9]*\),"delete":\([0-9]*\).*/\1 \2 \3/p' | tail -1; }

LBC_CONFIG=$T/lb.toml
sed '/^vrid = 51/a advert_interval = "200ms"' "$LAB_REPO/examples/four-nodes.toml" | grep -v '^check' >"$LBC_CONFIG"
start lb1
check "lb1 becomes master" within 10 is lb1 master
wanted=$(table)

X lb1 ipvsadm -d -t $VIP:80 -r 192.168.100.4
check_eq "a real server deleted by hand is put back, by one write" "1 0 0" "$(did)"
check_eq "the table is as before" "$wanted" "$(table)"
X lb1 ipvsadm -E -t $VIP:80 -s sh
X lb1 ipvsadm -e -t $VIP:80 -r 192.168.100.3 -g -w 7
check_eq "scheduler and weight edited by hand are put right in place" "0 2 0" "$(did)"
check_eq "the table is as before" "$wanted" "$(table)"

sed -i 's/"ws1", "ws2"/{ address = "ws1", upper_threshold = 100 }, "ws2"/' "$LBC_CONFIG"
kill -HUP "${DAEMON[lb1]}"
check "a threshold changed in the file alone is applied" within 5 \
  sh -c "ip netns exec lb1 ipvsadm -Ln --thresholds | grep -Eq '192.168.100.3:80 +100 '"

stop lb1 KILL
sed -i 's/^port = 80/&\nscheduler = "wrr"/' "$LBC_CONFIG"
X lb1 ipvsadm -a -t $VIP:80 -r 192.168.100.9 -g
X lb1 ipvsadm -A -t 10.9.9.9:443 -s rr
start lb1
check "after kill -9 and a change of the file: lb1 is master again" within 10 is lb1 master
check "the table is exactly the file" within 5 sh -c \
  "ip netns exec lb1 ipvsadm -Sn | grep -q -- '-A -t $VIP:80 -s wrr' && ! ip netns exec lb1 ipvsadm -Sn | grep -q 192.168.100.9"
check_eq "somebody else's service is left" 1 "$(table | grep -c 10.9.9.9)"
check "and shown as foreign" grep -q '10.9.9.9:443.*foreign' <<<"$(lbc lb1 diff)"
stop lb1

# --- A thousand services with sixteen checked servers each, and one weight that changes.
many() { # WEIGHT of the last server of the last service
  local i s
  printf 'role = "director"\ninterface = "eth0"\nvips = ["%s"]\n' $VIP
  for ((i = 1; i <= 1000; i++)); do
    printf '[[service]]\nvip = "%s"\nport = %d\ncheck = { type = "tcp", port = 80 }\nreal_servers = [' $VIP $((1000 + i))
    for ((s = 101; s <= 115; s++)); do printf '"192.168.100.%d", ' $s; done
    printf '{ address = "192.168.100.116", weight = %d }]\n' "$([ $i = 1000 ] && echo "$1" || echo 1)"
  done
}
for ((s = 101; s <= 116; s++)); do echo "addr add 192.168.100.$s/24 dev eth0"; done | X ws1 ip -batch -
X lb1 ipvsadm -C
LBC_CONFIG=$T/many.toml
many 1 >"$LBC_CONFIG"
start lb1
LAB_LIMIT=60
loaded() { [ "$(X lb1 ipvsadm -Sn | grep -c -- '-w [1-9]')" = 16000 ]; }
check "1,000 services of 16 checked servers are loaded" within 60 loaded
many 5 >"$LBC_CONFIG"
began=${EPOCHREALTIME/./}
check_eq "one changed weight is one write" "0 1 0" "$(did)"
echo "     one changed weight of 16,000, reading the file included: $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
check_eq "and it is there" 1 "$(X lb1 ipvsadm -Sn | grep -c -- '-w 5')"
stop lb1
X lb1 ipvsadm -C

# --- 254 elections that begin at once.
for name in lb1 lb2; do
  {
    printf 'role = "director"\ninterface = "eth0"\n'
    for ((i = 1; i <= 254; i++)); do
      printf '[[vip]]\naddress = "192.168.101.%d"\nvrrp = "V%d"\n[[vrrp]]\nname = "V%d"\nvrid = %d\n' $i $i $i $i
      printf 'priority = %d\nadvert_interval = "100ms"\n' $([ $name = lb1 ] && echo 150 || echo 100)
    done
  } >"$T/$name.toml"
  LBC_CONFIG=$T/$name.toml start $name
done
vips() { [ "$(X "$1" ip -o addr show dev eth0 | grep -c '192\.168\.101\.')" = "$2" ]; }
check "the preferred node of 254 elections has all VIPs" within 30 vips lb1 254
check "the other one has none" vips lb2 0
check_eq "and never was master" 0 "$(lbc lb2 status --json | grep -o '"became_master":[0-9]*' | cut -d: -f2 | paste -sd+ | sed 's/^/echo $((/; s/$/))/' | sh)"
stop lb2
stop lb1

# --- Two masters that meet again.
LBC_CONFIG=$T/lb.toml
start lb1
start lb2
check "lb1 becomes master" within 10 is lb1 master
ip link set lb2.0 nomaster # it hears no other node, but its link is up
check "cut off, lb2 is master as well" within 10 is lb2 master
sniff client eth0 "arp and src host $VIP" "$T/arp"
ip link set lb2.0 master br0
check "lb2 gives way when they meet" within 10 is lb2 backup
announced() { grep -q "02:00:c0:a8:64:01 > ff:ff:ff:ff:ff:ff.*$VIP" "$T/arp"; }
check "and the rightful master tells the neighbours" within 5 announced
sniffed "$T/arp" >/dev/null
check_eq "it alone answers" lb1 "$(arp_owner client $VIP)"
check "it was master all the time" test "$(lbc lb1 status --json | grep -o '"became_master":[0-9]*' | cut -d: -f2)" = 1
