#!/bin/bash
# Connections are synchronised between directors: the master sends, the backup listens, both change with the election.
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

# A connection is known on the other side: told within some seconds, as the sender's buffer is flushed.
background client "$LAB_TOOLS/pinger" long $VIP 80 100 12 >"$T/long"
client=$!
check "the backup learns of a connection" within 10 sh -c "ip netns exec lb2 ipvsadm -Lnc | grep -q '$VIP:80'"

# The other way round.
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
sed -i '/ipvs.sync/,$d' "$LBC_CONFIG"
check "taken out of the file" lbc lb2 apply --as master
check_eq "it is stopped" "" "$(daemons lb2)"
X lb2 ipvsadm --start-daemon master --mcast-interface eth0 --syncid 9
check "somebody else's is left alone" lbc lb2 diff --as master

# While the daemon runs.
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
