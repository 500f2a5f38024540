#!/bin/bash
# doctor with a configuration: apply mends drift, other files that configure the same are named, and doctor finds
# mistakes that a host alone does not show, because the file says which services there are and which node has which
# role.
. "$(dirname "$0")/../lab.sh"
. "$LAB/doctor.sh"
VIP=192.168.100.20

topo_four
doctor_path
LBC_CONFIG=$LAB_REPO/examples/four-nodes.toml
for name in ws1 ws2; do
  serve $name 80
  lbc $name apply >/dev/null
done
lbc lb1 apply --as master >/dev/null
conf=net.ipv4.conf

cured ws1 LVS02 "arp_ignore 0" "sysctl -qw $conf.eth0.arp_ignore=0" "true"
check_eq "the cure is apply" "lbconverge -c $LBC_CONFIG --node ws1 apply" \
  "$(on ws1 "sysctl -qw $conf.eth0.arp_ignore=0"; examine ws1; cure_of LVS02)"
lbc ws1 apply >/dev/null
cured ws1 LVS07 "a short prefix" "ip addr add $VIP/24 dev lo" "true"
cured ws1 LVS09 "the VIP on the answering interface" "ip addr add $VIP/32 dev eth0" "true"
cured ws1 LVS49 "the server is checked and the VIP is missing" "ip addr del $VIP/32 dev lo" "true"
cured ws1 LVS41 "the firewall drops the health checks" "iptables -A INPUT -p tcp --dport 80 -j DROP" "iptables -F"
cured ws1 LVS50 "the firewall drops the VIP's port" "iptables -A INPUT -d $VIP -p tcp --dport 80 -j REJECT" "iptables -F"
unserve ws1
healthy ws1 # a service without a listener is a matter of the health checks
background ws1 busybox httpd -f -p 192.168.100.3:80
httpd=$!
disown $httpd
check "a server on the own address alone" within 5 fetch client http://192.168.100.3/
planted ws1 LVS48 "the server does not listen on the VIP" "true" "true"
kill $httpd

planted ws1 LVS47 "ifcfg-lo:0 is left from before" \
  "printf 'DEVICE=lo:0\nIPADDR=%s\nNETMASK=255.255.255.255\n' $VIP >/etc/sysconfig/network-scripts/ifcfg-lo:0" \
  "rm /etc/sysconfig/network-scripts/ifcfg-lo:0"
healthy ws1


cured lb1 LVS19 "the VIP is gone" "ip addr del $VIP/32 dev eth0" "true" --as master
X lb1 ip addr del $VIP/32 dev eth0
healthy lb1 # it is backup now, which has no VIP
lbc lb1 apply --as master >/dev/null
modules=/lib/modules/$(uname -r)
if [ -e "$modules/modules.dep" ] && ! modprobe -qn ip_vs_twos; then
  sed 's/"wlc"/"twos"/; s/^port = 80/&\nscheduler = "twos"/' "$LBC_CONFIG" >"$T/twos.toml"
  LBC_CONFIG=$T/twos.toml planted lb2 LVS27 "a scheduler that this kernel lacks" "true" "true"
fi

# Masquerading, and a tunnel.
sed 's/^port = 80/&\nforward = "masquerade"/' "$LBC_CONFIG" >"$T/masquerade.toml"
LBC_CONFIG=$T/masquerade.toml
X ws2 ip route add default via 192.168.100.254
cured ws2 LVS14 "the default route leads past the directors" "true" "ip route del default"
sed 's/"masquerade"/"tunnel"/' "$T/masquerade.toml" >"$T/tunnel.toml"
LBC_CONFIG=$T/tunnel.toml
X ws2 sysctl -qw $conf.all.rp_filter=0 $conf.default.rp_filter=0
cured ws2 LVS16 "the tunnel is down" "true" "true"
cured ws2 LVS16 "strict filtering on the tunnel" "sysctl -qw $conf.tunl0.rp_filter=1" "true"
healthy ws2
