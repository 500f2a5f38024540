#!/bin/bash
# The daemon notices at once if others change our tables in nftables, and does nothing if they change their own.
# lab: native
. "$(dirname "$0")/../lab.sh"
need_nftables
VIP=192.168.100.20
lab_begin
node client eth0=192.168.100.10/24
node ws1 eth0=192.168.100.3/24
LBC_CONFIG=$T/lb.toml
settings='role = "real-server"\ninterface = "eth0"\n[[vip]]\naddress = "192.168.100.20"\n'
printf "$settings[arp]\ninterfaces = [\"eth0\"]\n" >"$LBC_CONFIG"
start ws1
check "the VIP is there" within 10 sh -c "ip netns exec ws1 ip -o addr show dev lo | grep -q $VIP"
table() { X ws1 nft list table arp lbconverge; }
runs() { lbc ws1 status --json | sed -n 's/.*"runs":\([0-9]*\).*/\1/p' | head -1; }

printf "${settings}accept = \"interface\"\n[arp]\nmethod = \"filter\"\n" >"$LBC_CONFIG"
kill -HUP "${DAEMON[ws1]}"
check "a reload brings the filter" within 5 table
sleep 1
for change in 'flush ruleset' 'delete table arp lbconverge' 'flush chain arp lbconverge in' \
  'add table arp lbconverge { flags dormant; }'; do
  X ws1 nft "$change"
  check "$change: put right" within 2 sh -c "ip netns exec ws1 nft list table arp lbconverge 2>/dev/null |
    grep -c -e comment -e dormant | grep -qx 2"
  check_eq "silent" nobody "$(arp_owner client $VIP)"
  sleep 1
done

X ws1 nft 'add table ip theirs; add chain ip theirs c'
sleep 1
before=$(runs)
check "the daemon counts its runs" test -n "$before"
for i in 1 2 3 4 5 6 7 8 9 10; do X ws1 nft "add rule ip theirs c counter"; done
sleep 1
# The daemon also looks every ten seconds, in any case: once in this time, or twice on a slow machine.
check "others' tables are their own business" test $(($(runs) - before)) -le 2
