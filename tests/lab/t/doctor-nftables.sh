#!/bin/bash
# doctor reads the rules of nftables: those that drop, those that mark, and an ARP filter.
. "$(dirname "$0")/../lab.sh"
. "$LAB/doctor.sh"
VIP=192.168.100.20

topo_four
X ws1 nft 'add table ip lvs; add chain ip lvs input { type filter hook input priority 0; }' 2>/dev/null ||
  skip "this kernel has no nftables for IPv4"
X ws1 nft flush ruleset
doctor_path
serve ws1 443
X ws1 sh -c "sysctl -qw net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.eth0.arp_announce=2
  ip addr add $VIP/32 dev lo scope host"
healthy ws1
cured ws1 LVS50 "a policy of drop" \
  "nft 'add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }
     add rule inet filter input ct state established,related accept
     add rule inet filter input iifname lo accept
     add rule inet filter input ip daddr 192.168.100.3 accept'" "nft flush ruleset"
cured ws1 LVS50 "a chain that drops" \
  "nft 'add table ip f; add chain ip f own; add rule ip f own ip daddr $VIP tcp dport { 80, 440-450 } drop
     add chain ip f input { type filter hook input priority 0; }; add rule ip f input jump own'" "nft flush ruleset"
healthy ws1
X ws1 sysctl -qw net.ipv4.conf.eth0.arp_ignore=0
X ws1 nft "add table arp f; add chain arp f in { type filter hook input priority 0; }; add set arp f vips { type ipv4_addr; elements = { $VIP }; }; add rule arp f in arp daddr ip @vips drop"
healthy ws1 # the filter makes it quiet
check_eq "and really is" nobody "$(arp_owner client $VIP)"
X ws1 sh -c "nft flush ruleset; sysctl -qw net.ipv4.conf.eth0.arp_ignore=1"

X lb1 sh -c "ip addr add $VIP/32 dev eth0; ipvsadm -A -f 7 -s wlc; ipvsadm -a -f 7 -r 192.168.100.3 -g"
marks="add table ip m; add chain ip m pre { type filter hook prerouting priority mangle; }"
planted lb1 LVS20 "another mark is set" "nft '$marks; add rule ip m pre ip daddr $VIP meta mark set 8'" "nft flush ruleset"
X lb1 nft "$marks; add rule ip m pre ip daddr $VIP tcp dport 80 meta mark set 7"
healthy lb1
cured lb1 LVS21 "the marked packets are for nobody here" "ip addr del $VIP/32 dev eth0" "true"
