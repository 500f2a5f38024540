#!/bin/bash
# A real server without the VIP (examples/s4c): TCP to another port, UDP, both families, and back to nothing.
# lab: native
. "$(dirname "$0")/../lab.sh"
need_nftables
LBC_CONFIG=$LAB_REPO/examples/s4c-real-server-redirect.toml
VIP=192.168.1.200
VIP6=fd00::200

lab_begin
node client eth0=192.168.1.10/24,fd00::10/64
node ws ens32=192.168.1.88/24,fd00::88/64
serve ws 53 3753
X client ip neigh replace $VIP lladdr "$(mac ws ens32)" dev eth0
X client ip neigh replace $VIP6 lladdr "$(mac ws ens32)" dev eth0

check_fails "before, nobody takes packets for the VIP" fetch client http://$VIP/
check "apply" lbc ws apply
check "in sync" lbc ws diff
check_eq "the node has no VIP" 0 "$(X ws ip -o addr show to $VIP/32 | grep -c .)"
check_eq "and answers no ARP for it" nobody "$(arp_owner client $VIP)"
X client ip neigh replace $VIP lladdr "$(mac ws ens32)" dev eth0
check_eq "port 80 of the VIP reaches the server on 3753" ws "$(fetch client http://$VIP/)"
check_eq "port 53 over UDP is served, from the VIP's own address" "sent=10 ok=10 fail=0" \
  "$(X client "$LAB_TOOLS/pinger" udp $VIP 53 50 0.5 | cut -d' ' -f1-3)"
check_fails "another port of the VIP is not" fetch client http://$VIP:3753/

# IPv6, and two more services: all in one transaction, and the other services stay.
sed 's/192\.168\.1\.200/fd00::200/; s/192\.168\.1\.88:3753/[fd00::88]:3753/; s/192\.168\.1\.88/fd00::88/' "$LBC_CONFIG" >"$T/six.toml"
LBC_CONFIG=$T/six.toml
check "the file moves to IPv6" lbc ws apply
check "in sync" lbc ws diff
check_eq "port 80 of the IPv6 VIP" ws "$(fetch client "http://[$VIP6]/")"
check_fails "the IPv4 VIP is given up" fetch client http://$VIP/
check_eq "its table is gone" "table ip6 lbconverge" "$(X ws nft list tables)"

X ws nft flush chain ip6 lbconverge in
check_eq "a table without its rule is seen" 2 "$(lbc ws diff | grep -c 'enforced false -> true.*drifted')"
check "and put right" lbc ws apply
check_eq "served again" ws "$(fetch client "http://[$VIP6]/")"
for change in 'add table ip6 lbconverge { flags dormant; }' 'chain ip6 lbconverge in { policy drop; }'; do
  X ws nft "$change"
  check_exit "$change: seen" 2 lbc ws diff
  check "put right" lbc ws apply
  check "in sync" lbc ws diff
  check_eq "served again" ws "$(fetch client "http://[$VIP6]/")"
done
sed -i 's/]:3753/]:53/' "$T/six.toml"
check_eq "another local port is a change in place" 1 "$(lbc ws diff | grep -c 'to 3753 -> 53')"
check "apply" lbc ws apply
check "in sync" lbc ws diff

check "release" lbc ws release
check_eq "nothing is left" "" "$(X ws nft list tables)"
