#!/bin/bash
# doctor on a director that was set up by hand: each mistake is planted, and found by its code. If a command can mend
# it, the cure that doctor prints does.
. "$(dirname "$0")/../lab.sh"
. "$LAB/doctor.sh"
VIP=192.168.100.20
RS=192.168.100.3 RS2=192.168.100.4

topo_four
doctor_path
serve ws1 80
X lb1 sh -c "ip addr add $VIP/32 dev eth0; ipvsadm -A -t $VIP:80 -s wlc; ipvsadm -a -t $VIP:80 -r $RS -g"
healthy lb1 --arp
conf=net.ipv4.conf

# With direct routing, ipvsadm(8) and keepalived(8) of today always write the port of the service into the kernel. So
# only keepalived's file shows this mistake.
printf 'virtual_server %s 80 {\n  lb_algo wlc\n  lb_kind DR\n  protocol TCP\n  real_server %s 8080 {\n    weight 1\n  }\n}\n' \
  $VIP $RS2 >"$T/keepalived.conf"
planted lb1 LVS11 "another port with direct routing, in keepalived.conf" "cp $T/keepalived.conf /etc/keepalived/keepalived.conf" \
  "rm /etc/keepalived/keepalived.conf"

X lb1 ip route add default via 192.168.100.254
cured lb1 LVS12 "direct routing through a router" "ipvsadm -a -t $VIP:80 -r 10.9.9.9 -g" "ipvsadm -d -t $VIP:80 -r 10.9.9.9"
X lb1 ip route del default

off="sysctl -qw $conf.all.send_redirects=0 $conf.eth0.send_redirects=0"
X lb1 sh -c "$off"
cured lb1 LVS13 "masquerading without forwarding" "sysctl -qw net.ipv4.ip_forward=0; ipvsadm -a -t $VIP:80 -r $RS2:80 -m" \
  "ipvsadm -d -t $VIP:80 -r $RS2:80"
cured lb1 LVS45 "ICMP redirects on one arm" \
  "ipvsadm -a -t $VIP:80 -r $RS2:80 -m; sysctl -qw $conf.all.send_redirects=1 net.ipv4.ip_forward=1" \
  "ipvsadm -d -t $VIP:80 -r $RS2:80; $off; sysctl -qw net.ipv4.ip_forward=0"
healthy lb1

X lb1 sh -c "ip addr add fd00::1/64 dev eth0 nodad; ip addr add fd00::20/128 dev eth0 nodad preferred_lft 0
  ipvsadm -A -t [fd00::20]:80 -s wlc; ipvsadm -a -t [fd00::20]:80 -r [fd00::3]:80 -i"
healthy lb1
cured lb1 LVS17 "an IPv6 tunnel from the VIP" "ip -6 addr change fd00::20/128 dev eth0 preferred_lft forever" "true"
cured lb1 LVS18 "a tunnel without path MTU discovery" "sysctl -qw net.ipv4.ip_no_pmtu_disc=1" "sysctl -qw net.ipv4.ip_no_pmtu_disc=0"
cured lb1 LVS18 "IPVS without path MTU discovery" "sysctl -qw net.ipv4.vs.pmtu_disc=0" "sysctl -qw net.ipv4.vs.pmtu_disc=1"
X lb1 sh -c "ipvsadm -D -t [fd00::20]:80; ip addr del fd00::20/128 dev eth0"

cured lb1 LVS19 "the VIP is on no interface" "ip addr del $VIP/32 dev eth0" "true"
planted lb1 LVS20 "nothing sets the mark" "ipvsadm -A -f 7 -s wlc; ipvsadm -a -f 7 -r $RS -g" "ipvsadm -D -f 7"
cured lb1 LVS20 "nothing sets that mark" \
  "iptables -t mangle -A PREROUTING -d $VIP -p tcp --dport 80 -j MARK --set-mark 8; ipvsadm -A -f 7 -s wlc" \
  "ipvsadm -D -f 7; iptables -t mangle -F"
cured lb1 LVS21 "the marked packets are for nobody here" \
  "iptables -t mangle -A PREROUTING -d 192.168.100.21 -j MARK --set-mark 7; ipvsadm -A -f 7 -s wlc" \
  "ipvsadm -D -f 7; iptables -t mangle -F; ip addr del 192.168.100.21/32 dev eth0"
healthy lb1
cured lb1 LVS23 "persistence and weight 0" \
  "ipvsadm -E -t $VIP:80 -s wlc -p 300; ipvsadm -a -t $VIP:80 -r $RS2 -g -w 0" \
  "ipvsadm -E -t $VIP:80 -s wlc; ipvsadm -d -t $VIP:80 -r $RS2; sysctl -qw net.ipv4.vs.expire_quiescent_template=0"
modprobe -qn ip_vs_twos || planted lb1 LVS27 "keepalived.conf with a scheduler that this kernel lacks" \
  "sed 's/wlc/twos/; s/8080/80/' $T/keepalived.conf >/etc/keepalived/keepalived.conf" "rm /etc/keepalived/keepalived.conf"
cured lb1 LVS28 "both sides of synchronisation, and backup_only" \
  "ipvsadm --start-daemon master --mcast-interface eth0; ipvsadm --start-daemon backup --mcast-interface eth0
   sysctl -qw net.ipv4.vs.backup_only=1" "ipvsadm --stop-daemon master; sysctl -qw net.ipv4.vs.backup_only=0"
cured lb1 LVS31 "a hashing scheduler and weight 0" \
  "ipvsadm -E -t $VIP:80 -s mh; ipvsadm -a -t $VIP:80 -r $RS2 -g -w 0" \
  "ipvsadm -E -t $VIP:80 -s wlc; ipvsadm -d -t $VIP:80 -r $RS2"
healthy lb1

# A backup of role both, set up by hand.
role_both="ip addr del $VIP/32 dev eth0; ip addr add $VIP/32 dev lo scope host
  sysctl -qw $conf.eth0.arp_ignore=1 $conf.eth0.arp_announce=2"
X lb1 sh -c "$role_both; ipvsadm -C"
healthy lb1
cured lb1 LVS29 "the table loaded on a backup of role both" \
  "ipvsadm -A -t $VIP:80 -s wlc; ipvsadm -a -t $VIP:80 -r $RS -g; ipvsadm -a -t $VIP:80 -r 192.168.100.1 -g" "true"
cured lb1 LVS30 "synchronised connections on a backup of role both" "ipvsadm --start-daemon backup --mcast-interface eth0" \
  "ipvsadm --stop-daemon backup; sysctl -qw net.ipv4.vs.backup_only=0"
X lb1 sh -c "ip addr del $VIP/32 dev lo; ip addr add $VIP/32 dev eth0; sysctl -qw $conf.eth0.arp_ignore=0"

# The election of keepalived, and what can prevent it.
printf 'vrrp_instance VI\n{\n  interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    %s dev eth0\n  }\n}\n' $VIP \
  >/etc/keepalived/keepalived.conf
healthy lb1
cured lb1 LVS41 "the firewall drops VRRP" "iptables -A INPUT -p 112 -j DROP" "iptables -F"
cured lb1 LVS41 "only some protocols are let in" \
  "iptables -A INPUT -p tcp -j ACCEPT; iptables -A INPUT -p icmp -j ACCEPT; iptables -P INPUT DROP" \
  "iptables -F; iptables -P INPUT ACCEPT"
cured lb1 LVS43 "the VIP is a secondary address" "ip addr del $VIP/32 dev eth0; ip addr add $VIP/24 dev eth0" \
  "ip addr del $VIP/24 dev eth0; ip addr add $VIP/32 dev eth0; sysctl -qw $conf.eth0.promote_secondaries=0"
planted lb1 LVS46 "systemd-networkd takes off what it does not know" \
  "mkdir -p /run/systemd/netif; touch /run/systemd/netif/state
   printf '[Match]\nName=eth*\n[Network]\nAddress=192.168.100.1/24\n' >/etc/systemd/network/10-eth.network" "true"
mkdir -p /etc/systemd/network/10-eth.network.d
printf '[Network]\nKeepConfiguration=static\n' >/etc/systemd/network/10-eth.network.d/lvs.conf
healthy lb1 # a drop-in file is the cure
planted lb1 LVS46 "NetworkManager takes off what it does not know" "mkdir -p /run/NetworkManager" "true"
printf '[keyfile]\nunmanaged-devices=interface-name:eth0\n' >/etc/NetworkManager/conf.d/lvs.conf
healthy lb1 # that file is the cure
planted lb1 LVS47 "a second owner beside keepalived" \
  "printf 'ip addr add $VIP/32 dev eth0\n' >/etc/init.d/vip" "rm /etc/init.d/vip"

# What doctor finds, show says above its file, which check still accepts.
printf 'ip addr add %s/32 dev eth0\n' $VIP >/etc/init.d/vip
X lb1 "$LBCONVERGE" show >"$T/shown.toml"
check "show says a mistake as a comment" grep -q '^# LVS47 ' "$T/shown.toml"
check_exit "check accepts it" 0 env -C "$T" "$LBCONVERGE" -c shown.toml check
