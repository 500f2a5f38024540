#!/bin/bash
# The main task: one file brings a director and its real servers to the state that it describes, also on the wire.
. "$(dirname "$0")/../lab.sh"
LBC_CONFIG=$LAB_REPO/examples/four-nodes.toml
VIP=192.168.100.20

topo_four
serve ws1 80
serve ws2 80
for name in lb1 lb2 ws1 ws2; do check_exit "$name: diff says that there is something to do" 2 lbc $name diff; done
check_eq "diff as master shows the VIP" 1 "$(lbc lb1 diff --as master | grep -c "+ address $VIP/32 dev eth0")"
check_eq "diff changes nothing" "" "$(X lb1 ipvsadm -Sn)$(X ws1 ip -o addr show lo | grep -F $VIP)"

for name in ws1 ws2 lb2; do check "$name: apply" lbc $name apply; done
check_eq "no node claims the VIP without an election" nobody "$(arp_owner client $VIP)"
check "lb1: apply as master" lbc lb1 apply --as master
for name in lb1 ws1 ws2; do
  as=(); [ $name != lb1 ] || as=(--as master)
  check_eq "$name: a second apply is in sync" 1 "$(lbc $name apply "${as[@]}" | grep -c 'in sync')"
  check_eq "$name: and writes nothing" '"changed":false' "$(lbc $name apply --json "${as[@]}" | grep -o '"changed":[a-z]*')"
  check "$name: diff has nothing to say" lbc $name diff "${as[@]}"
done

check_eq "the VIP stands on lo of a real server as /32 with scope host" "$VIP/32 host" \
  "$(X ws1 ip -o -4 addr show dev lo scope host | awk -v v=$VIP '$4 ~ v {print $4, $6}')"
check_eq "arp_ignore" 1 "$(X ws1 cat /proc/sys/net/ipv4/conf/eth0/arp_ignore)"
check_eq "arp_announce" 2 "$(X ws1 cat /proc/sys/net/ipv4/conf/eth0/arp_announce)"
check_eq "the backup director has the table" 2 "$(X lb2 ipvsadm -Sn | grep -c -- '-a -t')"
check_eq "but not the VIP" 0 "$(X lb2 ip -o addr | grep -cF $VIP)"

check_eq "only the master answers ARP for the VIP" lb1 "$(arp_owner client $VIP)"
sniff lb1 eth0 "tcp and src host $VIP" "$T/replies"
sniff lb1 eth0 "tcp and dst host $VIP" "$T/requests"
check_eq "both real servers serve through the VIP" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check "requests pass the director" test "$(sniffed "$T/requests")" -gt 0
check_eq "answers do not" 0 "$(sniffed "$T/replies")"

# A real server that asks for the client's MAC must not use the VIP as its own address.
X ws1 ip neigh flush dev eth0
sniff client eth0 "arp and src host $VIP and not ether src $(mac lb1 eth0)" "$T/poison"
fetches 4 http://$VIP/ >/dev/null
check_eq "no real server announces the VIP in ARP requests of its own" 0 "$(sniffed "$T/poison")"

# Drift: each change by hand is shown and corrected, and nothing else is changed.
X lb1 ipvsadm -e -t $VIP:80 -r 192.168.100.3:80 -g -w 7
X lb1 ipvsadm -d -t $VIP:80 -r 192.168.100.4:80
X lb1 ipvsadm -E -t $VIP:80 -s rr
X ws1 sysctl -qw net.ipv4.conf.eth0.arp_ignore=0
X ws2 ip addr del $VIP/32 dev lo
check_exit "diff sees the director's drift" 2 lbc lb1 diff --as master
check_eq "each of the three, as drift" 3 "$(lbc lb1 diff --as master | grep -c drifted)"
check_eq "and the real servers', one each" "1 1" "$(lbc ws1 diff | grep -c drifted) $(lbc ws2 diff | grep -c drifted)"
for name in ws1 ws2; do check "$name: apply puts it right" lbc $name apply; done
check "lb1: apply puts it right" lbc lb1 apply --as master
check "lb1: in sync" lbc lb1 diff --as master
# The connections of the server that was removed have ended, so wlc gives it the next ones.
fetches 20 http://$VIP/ >/dev/null
check_eq "they serve as before" "ws1=4 ws2=4" "$(fetches 8 http://$VIP/)"

# Fail-over by hand: the VIP is removed from one director and added on the other, whose table is loaded already.
check "lb1 gives the VIP up" lbc lb1 apply
check_eq "in one step" "1" "$(lbc lb2 diff --as master | grep -c '^ *[0-9]')"
check "lb2 takes it" lbc lb2 apply --as master
check_eq "only lb2 answers" lb2 "$(arp_owner client $VIP)"
X client ip neigh flush dev eth0
check_eq "and both serve" "ws1=2 ws2=2" "$(fetches 4 http://$VIP/)"

# Release: what was ours is removed, and the settings have their old values again.
for name in lb2 ws1 ws2; do check "$name: release" lbc $name release; done
check_eq "the table is empty" "" "$(X lb2 ipvsadm -Sn)"
check_eq "no VIP is left" 0 "$( (X lb2 ip -o addr; X ws1 ip -o addr) | grep -cF $VIP)"
check_eq "settings are back" "0 0" "$(X ws1 cat /proc/sys/net/ipv4/conf/eth0/arp_ignore /proc/sys/net/ipv4/conf/eth0/arp_announce | paste -sd' ')"
