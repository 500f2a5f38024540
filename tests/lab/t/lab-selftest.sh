#!/bin/bash
# The lab itself: its nodes, its traffic, its tools, and that nothing of it gets out or is left.
# Needs no lbconverge.
. "$(dirname "$0")/../lab.sh"

# --- nodes: with the settings of a fresh Linux, and separate from each other
topo_s1
check_eq "arp_ignore starts as Linux ships it" 0 "$(X ws1 cat /proc/sys/net/ipv4/conf/all/arp_ignore)"
check_eq "arp_announce starts as Linux ships it" 0 "$(X ws1 cat /proc/sys/net/ipv4/conf/enp5s0f0/arp_announce)"
check_eq "a node has its own host name" ws1 "$(X ws1 uname -n)"
check_eq "and its own interfaces in /sys" "enp5s0f0 lo" "$(X ws1 ls /sys/class/net | paste -sd' ')"
X lb1 touch /run/only-here
check "a file in a node's /run stays there" X lb1 test -e /run/only-here
check_fails "and is not in another node's /run" X lb2 test -e /run/only-here
for name in lb1:2 lb2:6 ws1:3 ws2:4 ws3:5; do
  check "client reaches ${name%:*}" X client ping -c1 -W2 "192.168.100.${name#*:}"
done
check_eq "a MAC shows its node's address" 02:00:c0:a8:64:03 "$(mac ws1 enp5s0f0)"
LAB_LIMIT=1 check_exit "a command that hangs is ended" 142 X ws1 sleep 30

# --- servers and instruments
for name in ws1 ws2 ws3; do serve "$name" 80 8080; done
check_eq "a server answers with its node's name" ws2 "$(fetch client http://192.168.100.4/)"
check_eq "on each of its ports" ws2 "$(fetch client http://192.168.100.4:8080/)"
check_eq "fetches counts who answered" ws3=5 "$(fetches 5 http://192.168.100.5/)"
unserve ws3
check_eq "and who did not" none=2 "$(fetches 2 http://192.168.100.5/)"
check_eq "pinger counts, too" ws1:10 \
  "$(X client "$LAB_TOOLS/pinger" udp 192.168.100.3 80 20 0.2 | sed 's/.*names=//')"

# --- the ARP problem, with nothing but ip(8) and sysctl(8)
VIP=192.168.100.20
check_eq "nobody answers for a VIP that is nowhere" nobody "$(arp_owner client $VIP)"
X lb1 ip addr add $VIP/32 dev enp5s0f0
X ws1 ip addr add $VIP/32 dev lo
X ws2 ip addr add $VIP/32 dev lo
check_eq "untreated, director and real servers answer for the VIP" "lb1 ws1 ws2" "$(arp_owner client $VIP)"
for name in ws1 ws2; do X "$name" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2; done
check_eq "with arp_ignore only the director does" lb1 "$(arp_owner client $VIP)"

# --- IPVS: the first use of a scheduler loads its module; with direct routing the answers do not pass the director
check "IPVS takes a service" X lb1 ipvsadm -A -t $VIP:80 -s rr
check "and a real server" X lb1 ipvsadm -a -t $VIP:80 -r 192.168.100.3:80 -g
check "and a second one" X lb1 ipvsadm -a -t $VIP:80 -r 192.168.100.4:80 -g
X client ip neigh flush all
sniff lb1 enp5s0f0 "tcp and src host $VIP" "$T/answers"
sniff lb1 enp5s0f0 "tcp and dst host $VIP" "$T/requests"
check_eq "the client reaches both servers through the VIP" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check_eq "no answer passes the director" 0 "$(sniffed "$T/answers")"
# Each of the 10 connections has at least four packets (SYN, ACK, request, FIN), and the director sends each of them on.
check "all requests do" test "$(sniffed "$T/requests")" -ge 80

# --- a cable can be pulled
cable_pull ws1
check_fails "with its cable pulled a node is gone" X client ping -c1 -W1 192.168.100.3
cable_plug ws1
check "and back when it is plugged" within 3 X client ping -c1 -W1 192.168.100.3

# --- other topologies; each begins with an empty lab
topo_s2
check "public net: client reaches hap01" X client ping -c1 -W2 100.100.100.101
check "private net: inside reaches hap02" X inside ping -c1 -W2 192.168.1.102
check_fails "the nets are apart" X inside ping -c1 -W1 100.100.100.101
check_eq "both interfaces are there" "eth0 eth1 lo" "$(X hap02 ls /sys/class/net | paste -sd' ')"
topo_four
check "four nodes: lb2 reaches ws2" X lb2 ping -c1 -W2 192.168.100.4
check_fails "no IPVS service is left of the first lab" grep -q '^ *TCP' <(X lb1 ipvsadm -Ln)
node v6 eth0=fd00::5/64,192.168.100.50/24
X client ip addr add fd00::10/64 dev eth0
serve v6
check_eq "IPv6 works, and at once" v6 "$(fetch client 'http://[fd00::5]/')"

# --- nothing gets out: neither by a plain write, nor by mounting this machine's files once more
mark=lab-selftest-$RANDOM$RANDOM
check "the guest may write where it likes" touch "$LAB/$mark" "/etc/$mark"
# User Mode Linux can mount the machine's files once more; in QEMU a folder of the machine has one mount.
mkdir "$T/outside"
if grep -q hostfs /proc/filesystems; then
  check "the machine's files can be mounted" mount -t hostfs none "$T/outside" -o /
  check_fails "the guest's writes are not on the machine" test -e "$T/outside$LAB/$mark" -o -e "$T/outside/etc/$mark"
  if [ -n "${LAB_JAILED:-}" ]; then
    check_fails "and even so nothing can be written there" touch "$T/outside/var/tmp/$mark"
  fi
  umount "$T/outside"
else
  check_fails "the machine's files can be mounted once" mount -t 9p -o trans=virtio,version=9p2000.L machine "$T/outside"
fi
check "but the results folder is shared" touch "$LAB_OUT/lab-selftest/written-by-the-guest"

# --- nothing is left
lab_clear
check_eq "no namespace is left" "" "$(ip netns list)"
check_eq "no server is left" "" "$(pidof labsrv)"
