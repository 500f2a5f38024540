#!/bin/bash
# What is ours and what is foreign: adoption, foreign rows, the pool of our service, ledger, release, prune.
. "$(dirname "$0")/../lab.sh"
topo_four
LBC_CONFIG=$LAB_REPO/examples/four-nodes.toml
VIP=192.168.100.20

# The table already has rows that the file wants: they are adopted, not made again.
X lb1 ipvsadm -A -t $VIP:80 -s wlc
X lb1 ipvsadm -a -t $VIP:80 -r 192.168.100.3:80 -g -w 1
X lb1 ipvsadm -A -t 10.9.9.9:443 -s rr
X lb1 ipvsadm -a -t 10.9.9.9:443 -r 192.168.100.4:443 -m -w 3
X lb1 ip addr add $VIP/32 dev eth0
check_eq "only the missing server is made" "1" "$(lbc lb1 diff --as master | grep -c '^ *[0-9] .*server')"
check_eq "the foreign service is shown" "1" "$(lbc lb1 diff --as master | grep -c '?.*10.9.9.9:443.*foreign, left alone')"
foreign=$(X lb1 ipvsadm -Sn | grep 10.9.9.9)
check "apply" lbc lb1 apply --as master
check_eq "the foreign rows are untouched" "$foreign" "$(X lb1 ipvsadm -Sn | grep 10.9.9.9)"
check_eq "a service added beside ours is foreign, too" "in sync, 1 foreign" "$(lbc lb1 diff --as master | grep -o 'in sync.*')"

# A foreign server in the pool of our service is removed: the pool is as the file says.
X lb1 ipvsadm -a -t $VIP:80 -r 192.168.100.77:80 -g -w 1
check_exit "a stranger in the pool is drift" 2 lbc lb1 diff --as master
check "apply" lbc lb1 apply --as master
check_eq "the pool is as the file says" 2 "$(X lb1 ipvsadm -Sn | grep -c -- "-a -t $VIP")"

# A service that is taken out of the file is removed with its servers: the ledger says that it was ours.
sed 's/^port = 80/port = 8080/' "$LBC_CONFIG" >"$T/changed.toml"
LBC_CONFIG=$T/changed.toml check "the port is changed in the file" lbc lb1 apply --as master
check_eq "the old service is gone, the new one there" "1" "$(X lb1 ipvsadm -Sn | grep -- -A | grep -c "$VIP:8080")"
check_eq "nothing else" "0" "$(X lb1 ipvsadm -Sn | grep -c "$VIP:80 ")"
check "and back" lbc lb1 apply --as master

# A VIP as keepalived makes it, with the prefix of its network, becomes ours, and is there all the time.
X lb1 ip addr del $VIP/32 dev eth0
X lb1 ip addr add $VIP/24 dev eth0
background lb1 ip -o monitor address >"$T/addresses"
MONITOR=$!
sleep 0.3
check "apply over another prefix" lbc lb1 apply --as master
check "the monitor has seen it" within 3 grep -q "Deleted.*$VIP/24" "$T/addresses"
kill $MONITOR
check_eq "first the new one is there, then the old one goes" "$VIP/32 Deleted $VIP/24" \
  "$(grep -oE "(Deleted .*)?$VIP/[0-9]+" "$T/addresses" | sed 's/Deleted .* /Deleted /' | paste -sd' ')"
check_eq "and one is left" "$VIP/32" "$(X lb1 ip -o -4 addr show dev eth0 | grep -oF "$VIP/32")"

X lb1 ip addr del $VIP/32 dev eth0 # now it is made by us
check "the VIP is made" lbc lb1 apply --as master
# Without a ledger, the addresses still have their mark.
X lb1 sh -c 'rm -r /run/lbconverge'
sed 's/^vips = .*/vips = ["192.168.100.21"]/; s/^vip = .*/vip = "192.168.100.21"/' "$LAB_REPO/examples/four-nodes.toml" >"$T/moved.toml"
LBC_CONFIG=$T/moved.toml check "the VIP is changed in the file and the ledger lost" lbc lb1 apply --as master
check_eq "the old VIP is gone: its protocol tag says that it was ours" "192.168.100.21/32" \
  "$(X lb1 ip -o -4 addr show dev eth0 | awk '$4 ~ /\/32/ {print $4}')"

# The node's own address is never taken for a VIP.
sed "s/$VIP/192.168.100.2/; s/, address = \"192.168.100.2\"//" "$LAB_REPO/examples/four-nodes.toml" >"$T/own.toml"
LBC_CONFIG=$T/own.toml lbc lb2 apply >/dev/null 2>&1
check_eq "an own address that the file calls a VIP by mistake stays" 1 "$(X lb2 ip -o -4 addr show dev eth0 | grep -c 192.168.100.2/24)"

# Release leaves foreign rows; --prune-foreign removes them.
check_eq "a release says of each row that it is released" "released" \
  "$(LBC_CONFIG=$T/moved.toml lbc lb1 release --dry-run | awk '/^ *[0-9]+ -/ {print $NF}' | sort -u)"
LBC_CONFIG=$T/moved.toml check "release" lbc lb1 release
check_eq "foreign rows are left" "$foreign" "$(X lb1 ipvsadm -Sn | grep 10.9.9.9)"
check "apply --prune-foreign" lbc lb1 apply --prune-foreign
check_eq "removes them" 0 "$(X lb1 ipvsadm -Sn | grep -c 10.9.9.9)"

# A setting that another person has changed since then does not get its old value back.
check "ws1: apply" lbc ws1 apply
X ws1 sysctl -qw net.ipv4.conf.eth0.arp_announce=1
check "ws1: release" lbc ws1 release
check_eq "our setting is back, the other's stays" "0 1" \
  "$(X ws1 cat /proc/sys/net/ipv4/conf/eth0/arp_ignore /proc/sys/net/ipv4/conf/eth0/arp_announce | paste -sd' ')"
