#!/bin/bash
# The host of a director has 2,000 interfaces, and one more is made and removed all the time, as fast as possible. The
# director works as on a quiet host: it takes over, sees at once that its own link is gone, answers, and puts back what
# a person removes.
# lab: native
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20
NEW=192.168.200.20
lab_begin
node client eth0=192.168.100.10/24
node lb1 eth0=192.168.100.1/24
node lb2 eth0=192.168.100.2/24 eth1=192.168.200.2/24@br1
LBC_CONFIG=$T/lb.toml
cat >"$LBC_CONFIG" <<EOF
role = "director"
interface = "eth0"
[nodes]
lb1 = { address = "192.168.100.1", priority = 150 }
lb2 = { address = "192.168.100.2", priority = 100 }
[[vip]]
address = "$VIP"
vrrp = "V"
[[vrrp]]
name = "V"
vrid = 51
advert_interval = "200ms"
EOF
has() { X "$1" ip -o addr show dev "${3:-eth0}" | grep -q " ${2:-$VIP}/"; }
lacks() { ! has "$@"; }
now() { echo "${EPOCHREALTIME/./}"; }
state_is() { [ "$(lbc lb2 status --json | grep -o '"state":"[a-z]*"' | head -1)" = "\"state\":\"$1\"" ]; }
looks() { awk '{print $14 + $15}' "/proc/${DAEMON[lb2]}/stat"; } # the processor time that the daemon has used, in 10 ms

X lb2 ip link add x0 type veth peer name x9
X lb2 ip link set x9 up
X lb2 ip link set x0 up
for n in $(seq 2000); do echo "link add link x0 name m$n type macvlan mode bridge"; done >"$T/many"
X lb2 ip -batch "$T/many" || abort "2,000 interfaces: not made"
start lb1
check "lb1 becomes master" within 12 has lb1
start lb2
check "lb2 answers" within 12 lbc lb2 status

cat >"$T/churn.py" <<'EOF'
n = 0
while True:
    n += 1
    print("link add link x0 name c%d type macvlan mode bridge\nlink set c%d up\naddr add 198.51.100.1/24 dev c%d\n"
          "link del c%d" % (n, n, n, n), flush=True)
EOF
background lb2 sh -c "python3 -u $T/churn.py | ip -force -batch - 2>/dev/null"
sleep 2
before=$(looks)
sleep 4
used=$((($(looks) - before) * 10 / 4))
echo "the daemon uses $used ms of a second"
check "what does not concern the node costs it little" [ $used -lt 150 ]

stop lb1 KILL
cable_pull lb1
begin=$(now)
check "lb2 has the VIP within a second of the time that its master may be silent" within 2 has lb2
echo "VIP after $((($(now) - begin) / 1000)) ms"
check_eq "the client finds it" lb2 "$(arp_owner client $VIP)"
begin=$(now)
check "status answers" lbc lb2 status
check "and at once" [ $((($(now) - begin) / 1000)) -lt 1000 ]

X lb2 ip addr del $VIP/32 dev eth0
check "a VIP that is deleted by hand is put back" within 3 has lb2

cable_pull lb2
check "a lost link is noticed at once" within 1 state_is fault
cable_plug lb2
check "and one that is back" within 3 has lb2

sed -i "s/^vrrp = .*/&\n[[vip]]\naddress = \"$NEW\"\ninterface = \"eth1\"\nvrrp = \"V\"/" "$LBC_CONFIG"
kill -HUP "${DAEMON[lb2]}"
check "a reload brings a VIP on an interface that was not named before" within 3 has lb2 $NEW eth1
check "and the other VIP has not left" [ "$(grep -c 'V: master ->' "$T/lb2.log")" = 1 ]
check_exit "diff sees everything as it should be" 0 lbc lb2 diff --as master
stop lb2
check "a planned stop ends, and leaves no VIP" lacks lb2
