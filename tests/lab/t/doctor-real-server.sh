#!/bin/bash
# doctor on a real server that was set up by hand: each mistake is planted, found by its code, and mended by the cure
# that doctor prints.
. "$(dirname "$0")/../lab.sh"
. "$LAB/doctor.sh"
VIP=192.168.100.20

topo_four
doctor_path
serve ws1 443
X ws1 sh -c "sysctl -qw net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.eth0.arp_announce=2
  ip addr add $VIP/32 dev lo scope host"
healthy ws1
conf=net.ipv4.conf
good="sysctl -qw $conf.all.arp_ignore=0 $conf.all.arp_announce=0 $conf.eth0.arp_ignore=1 $conf.eth0.arp_announce=2 \
  $conf.lo.arp_ignore=0 $conf.lo.arp_announce=0"

cured ws1 LVS01 "ARP settings only on lo" \
  "sysctl -qw $conf.eth0.arp_ignore=0 $conf.eth0.arp_announce=0 $conf.lo.arp_ignore=1 $conf.lo.arp_announce=2" "$good"
cured ws1 LVS02 "arp_ignore 0" "sysctl -qw $conf.eth0.arp_ignore=0" "$good"
cured ws1 LVS03 "arp_announce 0" "sysctl -qw $conf.eth0.arp_announce=0" "$good"
cured ws1 LVS04 "arp_ignore 5" "sysctl -qw $conf.all.arp_ignore=5" "$good"
cured ws1 LVS05 "all = 3 beside 1, and a VIP of scope global" \
  "sysctl -qw $conf.all.arp_ignore=3; ip addr del $VIP/32 dev lo; ip addr add $VIP/32 dev lo" \
  "$good; ip addr del $VIP/32 dev lo; ip addr add $VIP/32 dev lo scope host"
cured ws1 LVS06 "arp_ignore 8" "sysctl -qw $conf.eth0.arp_ignore=8" "$good"
cured ws1 LVS07 "a short prefix on lo" "ip addr add 192.168.100.21/24 dev lo scope host" \
  "ip addr del 192.168.100.21/32 dev lo"
cured ws1 LVS08 "scope global on lo" "ip addr del $VIP/32 dev lo; ip addr add $VIP/32 dev lo" "true"
cured ws1 LVS09 "the VIP on the answering interface as well" "ip addr add $VIP/32 dev eth0" "true"
cured ws1 LVS09 "the VIP on the answering interface alone" "ip addr del $VIP/32 dev lo; ip addr add $VIP/32 dev eth0" "true"

# A real server that is quiet in another way is no mistake: arp_ignore 3 with a VIP of scope host.
X ws1 sysctl -qw $conf.eth0.arp_ignore=3
healthy ws1
X ws1 sh -c "$good"

boot=/etc/network/interfaces.d/lvs
printf 'auto lo:0\niface lo:0 inet static\n  address %s\n  netmask 255.255.255.255\n' $VIP >"$T/stanza"
cured ws1 LVS10 "the settings come after the VIP" \
  "cp $T/stanza $boot; echo '  up sysctl -w net.ipv4.conf.all.arp_ignore=1' >>$boot" "rm -f $boot /etc/sysctl.d/10-lvs.conf"
printf 'iface lo:0 inet static\n  pre-up sysctl -w net.ipv4.conf.all.arp_ignore=1\n  address %s\n' $VIP >$boot
healthy ws1 # settings that come before the VIP are right
rm $boot
planted ws1 LVS47 "two files configure the VIP" \
  "cp $T/stanza $boot; printf 'DEVICE=lo:0\nIPADDR=%s\n' $VIP >/etc/sysconfig/network-scripts/ifcfg-lo:0" \
  "rm $boot /etc/sysconfig/network-scripts/ifcfg-lo:0"
cp "$T/stanza" $boot
healthy ws1 # one file that configures the VIP is right
cured ws1 LVS46 "cloud-init writes the file again" \
  "sed -i '1i # This file is generated from information provided by the datasource.' $boot" \
  "rm $boot /etc/cloud/cloud.cfg.d/99-lvs.cfg"

# Tunnels. If the module has not made the device by itself, it is made here.
X ws1 sh -c "modprobe -q ipip; ip link add tunl0 type ipip 2>/dev/null; ip link set tunl0 down"
healthy ws1
cured ws1 LVS16 "strict filtering on a tunnel" "ip link set tunl0 up; sysctl -qw $conf.tunl0.rp_filter=1" \
  "sysctl -qw $conf.tunl0.rp_filter=0; ip link set tunl0 down"
cured ws1 LVS16 "loose filtering on a tunnel without address" "ip link set tunl0 up; sysctl -qw $conf.all.rp_filter=2" \
  "sysctl -qw $conf.all.rp_filter=0; ip link set tunl0 down"

# Sockets and filters.
background ws1 busybox httpd -f -p 192.168.100.3:80
httpd=$!
disown $httpd
check "a server on the own address alone" within 5 fetch client http://192.168.100.3/
planted ws1 LVS48 "the server does not listen on the VIP" "true" "true"
kill $httpd
cured ws1 LVS50 "the firewall drops the VIP's port" "iptables -A INPUT -d $VIP -p tcp --dport 443 -j DROP" "iptables -F"
cured ws1 LVS50 "its policy drops, and established ones pass" \
  "iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
   iptables -A INPUT -d 192.168.100.3 -j ACCEPT; iptables -P INPUT DROP" "iptables -P INPUT ACCEPT; iptables -F"
X ws1 sh -c "iptables -N lvs; iptables -A lvs -p tcp -m multiport --dports 80,443 -j ACCEPT; iptables -A INPUT -j lvs
  iptables -A INPUT -j REJECT"
healthy ws1 # another chain accepts the VIP's port
X ws1 sh -c "iptables -F; iptables -X lvs"

# Another network: strict reverse path filtering, and a route to it.
ip link add extra type veth peer name eth1 netns ws1
X ws1 sh -c "ip addr add 10.7.0.3/24 dev eth1; ip link set eth1 up; sysctl -qw $conf.eth1.arp_ignore=1 $conf.eth1.arp_announce=2"
healthy ws1
cured ws1 LVS44 "strict reverse path filtering with two networks" "sysctl -qw $conf.eth0.rp_filter=1" \
  "sysctl -qw $conf.eth0.rp_filter=0"
healthy ws1
