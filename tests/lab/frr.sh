# shellcheck shell=bash
# Functions for the tests with FRR's vrrpd as the VRRP peer: sourced after lab.sh. See peer.sh. The VIP of an FRR is on a
# macvlan device with the virtual MAC address, which FRR switches on and off. Its intervals are milliseconds.
PEER=FRR FRR=/usr/lib/frr
[ -x $FRR/vrrpd ] || skip "FRR is not installed"
. "$LAB/peer.sh"
declare -A ZEBRA=()

# theirs NODE PRIORITY VERSION INTERVAL EXTRA VIP...: start FRR on the node. EXTRA is a line about this VRID.
theirs() {
  local name=$1 priority=$2 version=$3 interval=$4 extra=$5 vip
  shift 5
  {
    echo 'interface eth0'
    printf ' vrrp 51 %s\n' "version $version" "priority $priority" "advertisement-interval $interval" ${extra:+"$extra"}
    for vip; do case $vip in *:*) echo " vrrp 51 ipv6 $vip" ;; *) echo " vrrp 51 ip $vip" ;; esac; done
  } >"$T/$name.conf"
  if [ -z "${ZEBRA[$name]:-}" ]; then
    virtual_devices "$name"
    zebra "$name"
  fi
  background "$name" $FRR/vrrpd -f "$T/$name.conf" -i /run/frr/vrrpd.pid -z /run/frr/zserv --vty_socket /run/frr -P 0 \
    --log stdout --log-level info >"$T/$name.frr" 2>&1
  THEIRS[$name]=$!
  disown $!
  check "$name: FRR has started" within 5 grep -q 'Initialize -> ' "$T/$name.frr"
}

# The devices of the VIPs. An FRR takes its IPv6 source from there: so a link-local VIP is only in its list. Without that
# arp_ignore each device answers for the VIP of the other.
virtual_devices() { # NODE
  X "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=1
  X "$1" ip -batch - <<END || abort "$1: no macvlan devices"
link add vrrp1 link eth0 address 00:00:5e:00:01:33 type macvlan mode bridge
link add vrrp2 link eth0 address 00:00:5e:00:02:33 type macvlan mode bridge
link set vrrp1 addrgenmode random
link set vrrp2 addrgenmode random
addr add $VIP/24 dev vrrp1
addr add $VIP6/64 dev vrrp2
link set vrrp1 up
link set vrrp2 up
END
}

zebra() { # NODE: FRR's hand in the kernel
  local name=$1
  X "$name" install -d -o frr -g frr /run/frr
  : >"$T/zebra.conf"
  background "$name" $FRR/zebra -f "$T/zebra.conf" -i /run/frr/zebra.pid -z /run/frr/zserv --vty_socket /run/frr -P 0 \
    --log stdout --log-level info >"$T/$name.zebra" 2>&1
  ZEBRA[$name]=$!
  disown $!
  within 5 X "$name" test -S /run/frr/zserv || abort "$name: no zebra: $(cat "$T/$name.zebra")"
}

# zebra and the devices stay, and the devices are down.
end_theirs() {
  kill -TERM "${THEIRS[$1]}"
  within 8 gone "${THEIRS[$1]}"
}

# has NODE [VIP]: the node has the VIP on a device that is up, and only this node answers the client that asks for it.
has() { bound "$1" "${2:-$VIP}" && answers "$1" "${2:-$VIP}"; }
lacks() { ! bound "$1" "${2:-$VIP}"; }
bound() { X "$1" ip -br addr | grep -q " UP .* $2/"; }
answers() {
  local virtual=00:00:5e:00:01:33
  case $2 in
    *:*)
      X client ip neigh flush dev eth0
      X client ping -c 1 -W 1 "$2" >/dev/null || return
      [ -n "${OURS[$1]:-}" ] && virtual=$(mac "$1" eth0) || virtual=00:00:5e:00:02:33
      X client ip -6 neigh show "$2" | grep -q " lladdr $virtual "
      ;;
    *)
      [ -z "${OURS[$1]:-}" ] || virtual=$1
      [ "$(arp_owner client "$2")" = "$virtual" ]
      ;;
  esac
}
