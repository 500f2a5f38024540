# shellcheck shell=bash
# The same functions with FRR's vrrpd as the peer: sourced after keepalived.sh. The VIP of an FRR is on a macvlan device
# with the virtual MAC address, which FRR switches on and off. The configuration of FRR counts intervals in milliseconds.
PEER=FRR FRR=/usr/lib/frr
[ -x $FRR/vrrpd ] || skip "FRR is not installed"
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
  virtual_devices "$name" "$@"
  zebra "$name"
  background "$name" $FRR/vrrpd -f "$T/$name.conf" -i /run/frr/vrrpd.pid -z /run/frr/zserv --vty_socket /run/frr -P 0 \
    --log stdout --log-level info >"$T/$name.frr" 2>&1
  THEIRS[$name]=$!
  disown $!
  check "$name: FRR has started" within 5 grep -q 'Initialize -> ' "$T/$name.frr"
}

# The devices of the VIPs. An FRR takes its IPv6 source from there: so a link-local VIP is only in its list.
virtual_devices() { # NODE VIP...
  local name=$1 vip device commands=''
  shift
  X "$name" sysctl -qw net.ipv4.conf.all.arp_ignore=1 # else each device answers for the VIP of the other
  for device in vrrp1 vrrp2; do
    commands+="link add $device link eth0 type macvlan mode bridge"$'\n'
    commands+="link set $device address 00:00:5e:00:0${device#vrrp}:33 addrgenmode random"$'\n'
    for vip; do
      case $device:$vip in
        vrrp2:fe80:*) ;;
        vrrp2:*:*) commands+="addr add $vip/64 dev $device"$'\n' ;;
        vrrp1:*.*) commands+="addr add $vip/24 dev $device"$'\n' ;;
      esac
    done
    commands+="link set $device up"$'\n'
  done
  X "$name" ip -batch - <<<"$commands" || abort "$name: no macvlan devices"
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

end_theirs() {
  kill -TERM "${THEIRS[$1]}"
  within 8 gone "${THEIRS[$1]}"
  kill -TERM "${ZEBRA[$1]}"
  within 8 gone "${ZEBRA[$1]}" || abort "$1: zebra does not end"
  X "$1" ip -batch - <<<$'link delete vrrp1\nlink delete vrrp2'
  X "$1" rm -r /run/frr # an old socket of zebra looks like a new one
  X "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=0
}

# has NODE VIP: the node has the VIP on a device that is up, and only this node answers the client that asks for it.
has() { bound "$@" && answers "$@"; }
lacks() { ! bound "$@"; }
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
