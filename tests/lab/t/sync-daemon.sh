#!/bin/bash
# Connections are synchronised between directors: the master sends and the backup listens. Both follow the election.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20
topo_four
for name in ws1 ws2; do serve $name; done
LBC_CONFIG=$T/lb.toml
{ cat "$LAB_REPO/examples/four-nodes.toml"; printf '\n[ipvs.sync]\nid = 7\nfollow = "vrrp-51"\n'; } >"$LBC_CONFIG"
daemons() { X "$1" ipvsadm -L --daemon | sed 's/ *$//' | paste -sd' '; }

for name in ws1 ws2 lb2; do check "$name: apply" lbc $name apply; done
check "lb1: apply" lbc lb1 apply --as master
check_eq "the master sends" "master sync daemon (mcast=eth0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)" \
  "$(daemons lb1)"
check_eq "the backup listens" 1 "$(daemons lb2 | grep -c '^backup sync daemon (mcast=eth0, syncid=7')"
check "in sync" lbc lb1 diff --as master
check_eq "a real server does neither" "" "$(daemons ws1)"

# The backup gets to know a connection. This takes some seconds, until the sender flushes its buffer.
background client "$LAB_TOOLS/pinger" long $VIP 80 100 12 >"$T/long"
client=$!
check "the backup learns of a connection" within 10 sh -c "ip netns exec lb2 ipvsadm -Lnc | grep -q '$VIP:80'"

# The roles are exchanged.
check "lb1 gives up" lbc lb1 apply
check "lb2 takes over" lbc lb2 apply --as master
check_eq "they have changed roles" "backup master" "$(daemons lb1 | cut -d' ' -f1) $(daemons lb2 | cut -d' ' -f1)"
wait $client
check_eq "the connection lives on" 0 "$(sed -n 's/.* fail=\([0-9]*\).*/\1/p' "$T/long")"

# Drift and changes.
X lb2 ipvsadm --stop-daemon master
check_eq "a daemon that was stopped is drift" 1 "$(lbc lb2 diff --as master | grep -c '+ sync  *master.*drifted')"
X lb2 ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 7
check "put right, and the other state is ended" lbc lb2 apply --as master
check_eq "one state only" master "$(daemons lb2 | cut -d' ' -f1)"
check_eq "and no other" 1 "$(X lb2 ipvsadm -L --daemon | grep -c daemon)"
sed -i 's/^id = 7/id = 8\nport = 8849/' "$LBC_CONFIG"
check_eq "an attribute is one change" 1 "$(lbc lb2 diff --as master | grep -c '~ sync  *master  id 7 -> 8, port 8848 -> 8849')"
check "apply" lbc lb2 apply --as master
check "in sync" lbc lb2 diff --as master

# The kernel's threads keep the interface with which they were started, even if there is another one of the same name.
X lb2 ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 8
check "in sync" lbc lb2 apply --as backup
joined() { X lb2 awk '/^[0-9]/ {dev = $2} $1 == "510000E0" {print dev}' /proc/net/igmp; }
X lb2 ip link add spare type dummy
sed -i '/^id = 8/a interface = "spare"' "$LBC_CONFIG"
X lb2 ip link set spare up
X lb2 ip addr add 10.9.0.2/24 dev spare
check "the backup listens on another interface" lbc lb2 apply --as backup
check_eq "it does" spare "$(joined)"
X lb2 ip link del spare
check "without the interface there is nothing to do" lbc lb2 diff --as backup
X lb2 ip link add spare type dummy
X lb2 ip link set spare up
X lb2 ip addr add 10.9.0.2/24 dev spare
check_eq "a new interface of the name is not the old one" 1 \
  "$(lbc lb2 diff --as backup | grep -c '~ sync  *backup  made anew, as its interface was')"
check_eq "nobody listens there" "" "$(joined)"
check "apply" lbc lb2 apply --as backup
check_eq "it listens again" spare "$(joined)"
check "in sync" lbc lb2 diff --as backup
check "as master" lbc lb2 apply --as master
X lb2 sh -c 'ip link del spare; ip link add spare type dummy; ip link set spare up; ip addr add 10.9.0.2/24 dev spare'
check_eq "the master notices, too" 1 "$(lbc lb2 diff --as master | grep -c '~ sync  *master  made anew')"
check "apply" lbc lb2 apply --as master
check "in sync" lbc lb2 diff --as master

sed -i '/ipvs.sync/,$d' "$LBC_CONFIG"
check "taken out of the file" lbc lb2 apply --as master
check_eq "it is stopped" "" "$(daemons lb2)"
X lb2 ipvsadm --start-daemon master --mcast-interface eth0 --syncid 9
check "somebody else's is left alone" lbc lb2 diff --as master

# The same with daemons of lbconverge.
printf '\n[ipvs.sync]\nid = 7\nfollow = "vrrp-51"\n' >>"$LBC_CONFIG"
sed -i 's/^vrid = 51/vrid = 51\nadvert_interval = "200ms"/' "$LBC_CONFIG"
check "lb1 starts anew" lbc lb1 release
check "lb2, too" lbc lb2 release
X lb2 ipvsadm --stop-daemon master
for name in lb1 lb2; do
  background $name "$LBCONVERGE" -c "$LBC_CONFIG" --node $name run >"$T/$name.log" 2>&1
  disown
  declare "pid_$name=$!"
done
is() { [ "$(daemons "$1" | cut -d' ' -f1)" = "$2" ]; }
check "lb1 is elected and sends" within 15 is lb1 master
check "lb2 listens" within 15 is lb2 backup
kill "${pid_lb1:?}"
check "lb2 takes over and sends" within 15 is lb2 master
