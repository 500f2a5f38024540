#!/bin/bash
# The example files of S1, S2 and S4(a), unchanged, on the nodes that they describe.
. "$(dirname "$0")/../lab.sh"

# --- S1: director pair with direct routing
topo_s1
LBC_CONFIG=$LAB_REPO/examples/s1-director-pair.toml
check "S1: check accepts the file without a word" test -z "$(lbc lb1 check | grep -E 'warning|error')"
for name in ws1 ws2 ws3; do serve $name 80; check "S1: $name" lbc $name apply; done
check "S1: lb1" lbc lb1 apply --as master
check "S1: lb2" lbc lb2 apply
check_eq "S1: ip_nonlocal_bind on directors" "1 1 0" \
  "$(for name in lb1 lb2 ws1; do X $name cat /proc/sys/net/ipv4/ip_nonlocal_bind; done | paste -sd' ')"
check_eq "S1: only lb1 answers for the VIP" lb1 "$(arp_owner client 192.168.100.20)"
check_eq "S1: all three serve" "ws1=3 ws2=3 ws3=3" "$(fetches 9 http://192.168.100.20/)"

# --- S2: two VIPs as secondary addresses of their networks, no IPVS
topo_s2
LBC_CONFIG=$LAB_REPO/examples/s2-two-vips.toml
check "S2: check accepts the file without a word" test -z "$(lbc hap01 check | grep -E 'warning|error')"
X hap02 ip addr add 100.100.100.100/24 brd 100.100.100.255 dev eth0 # stale: hap02 was master once
check "S2: hap02 removes the stale VIP" lbc hap02 apply
check_eq "S2: and keeps its own address" "100.100.100.102/24" "$(X hap02 ip -o -4 addr show dev eth0 | awk '{print $4}')"
check "S2: hap01 takes both" lbc hap01 apply --as master
check_eq "S2: public, as ip addr shows it" "100.100.100.100/24 brd 100.100.100.255 scope global secondary eth0" \
  "$(X hap01 ip -o -4 addr show dev eth0 secondary | sed 's/.*inet //; s/\\.*//; s/ *$//')"
check_eq "S2: private" "192.168.1.100/24 brd 192.168.1.255 scope global secondary eth1" \
  "$(X hap01 ip -o -4 addr show dev eth1 secondary | sed 's/.*inet //; s/\\.*//; s/ *$//')"
check_eq "S2: the client finds it there" hap01 "$(arp_owner client 100.100.100.100)"
check "S2: in sync" lbc hap01 diff --as master
X hap01 ip addr del 192.168.1.100/24 dev eth1
check_exit "S2: a deleted VIP is seen" 2 lbc hap01 diff --as master
check "S2: and put back" lbc hap01 apply --as master
check "S2: the node that lost gives up both" lbc hap01 apply
check_eq "S2: its own addresses are left" "100.100.100.101/24 192.168.1.101/24" \
  "$(X hap01 ip -o -4 addr show scope global | awk '{print $4}' | sort | paste -sd' ')"

# --- S4(a): a real server behind a balancer that is not ours
lab_begin
node client eth0=192.168.1.10/24
node real ens32=192.168.1.88/24
LBC_CONFIG=$LAB_REPO/examples/s4a-real-server.toml
check "S4a: check accepts the file without a word" test -z "$(lbc real check | grep -E 'warning|error')"
check "S4a: apply" lbc real apply
check_eq "S4a: settings on all and on the interface" "1 2 1 2" \
  "$(for i in all ens32; do X real cat /proc/sys/net/ipv4/conf/$i/arp_ignore /proc/sys/net/ipv4/conf/$i/arp_announce; done | paste -sd' ')"
check_eq "S4a: nobody answers for the VIP" nobody "$(arp_owner client 192.168.1.200)"
check_eq "S4a: but for its own address" real "$(arp_owner client 192.168.1.88)"
check "S4a: in sync" lbc real diff
