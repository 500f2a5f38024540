#!/bin/bash
# doctor finds nothing on healthy nodes: the examples after apply, real servers set up by hand, an empty host. Also its
# exit statuses, and that it changes nothing.
. "$(dirname "$0")/../lab.sh"
. "$LAB/doctor.sh"
VIP=192.168.100.20

topo_four
for name in ws1 ws2; do serve $name 80; done
for name in lb1 lb2 ws1 ws2; do healthy $name; done # nothing is set up yet, and there is no configuration

LBC_CONFIG=$LAB_REPO/examples/four-nodes.toml
for name in ws1 ws2 lb2; do check "$name: apply" lbc $name apply; done
check "lb1: apply as master" lbc lb1 apply --as master
before=$(X lb1 sh -c 'ip -o addr; ipvsadm -Sn; cut -d" " -f1 /proc/modules'; X ws1 sh -c 'ip -o addr; ip route')
for name in lb2 ws1 ws2; do healthy $name --arp --vrrp; done
healthy lb1 --as master --arp
check_eq "nothing has changed" "$before" "$(X lb1 sh -c 'ip -o addr; ipvsadm -Sn; cut -d" " -f1 /proc/modules'; X ws1 sh -c 'ip -o addr; ip route')"
check_eq "--arp names the node that answers for the VIP" 1 \
  "$(lbc ws1 doctor --arp | grep -c "$VIP is answered by $(mac lb1 eth0) (lb1) on eth0")"
check_eq "and in JSON" 1 "$(lbc lb2 doctor --arp --json | grep -c "\"address\":\"$VIP\",\"interface\":\"eth0\",\"mac\":\"$(mac lb1 eth0)\",\"node\":\"lb1\"")"
check_eq "JSON without findings" 1 "$(lbc ws1 doctor --json | grep -c '"format_version":1,"node":"ws1","configured":true,"findings":\[\]')"
LBC_CONFIG=$T/none.toml check_exit "a file that was named and is not there" 65 lbc ws1 doctor
check_exit "not root" 77 X ws1 setpriv --reuid 65534 "$LBCONVERGE" -c "$LBC_CONFIG" --node ws1 doctor

# A whole LVS that was set up by hand, as the guides say: doctor finds nothing.
LBC_CONFIG=
for name in lb1 lb2 ws1 ws2; do lbc $name -c "$LAB_REPO/examples/four-nodes.toml" release >/dev/null; done
X lb1 sh -c "ip addr add $VIP/32 dev eth0; ipvsadm -A -t $VIP:80 -s wlc
  ipvsadm -a -t $VIP:80 -r 192.168.100.3 -g; ipvsadm -a -t $VIP:80 -r 192.168.100.4 -g"
for name in ws1 ws2; do
  X $name sh -c "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
    ip addr add $VIP/32 dev lo scope host"
done
check_eq "it works" "ws1=2 ws2=2" "$(fetches 4 http://$VIP/)"
for name in lb1 lb2 ws1 ws2; do healthy $name --arp; done

topo_s1
LBC_CONFIG=$LAB_REPO/examples/s1-director-pair.toml
for name in ws1 ws2 ws3; do
  serve $name 80
  lbc $name apply >/dev/null
  healthy $name
done
lbc lb1 apply --as master >/dev/null
healthy lb1 --as master
lbc lb2 apply >/dev/null
healthy lb2 --arp

topo_s2
LBC_CONFIG=$LAB_REPO/examples/s2-two-vips.toml
lbc hap01 apply --as master >/dev/null
lbc hap02 apply >/dev/null
healthy hap01 --as master --arp
healthy hap02
