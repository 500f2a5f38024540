#!/bin/bash
# The recipe of the manual in which keepalived stays the elector: its notify script calls apply, and lbconverge does the
# rest. Two directors change over, without a daemon of lbconverge, and nothing is left to do on either.
. "$(dirname "$0")/../lab.sh"
. "$LAB/traffic.sh"
command -v keepalived >/dev/null || skip "keepalived is not installed"

traffic_lab lb1 lb2 ws1 ws2
traffic_services 'rr' 'tcp'
traffic_serve ws1 ws2
POOL='ws1 ws2'
DIRECTORS='lb1 lb2' ours | grep -v '^check' | sed 's/^vrid = 51/&\nname = "V"/' >"$T/lb.toml"
printf '[sysctl.director]\n"net.ipv4.vs.conntrack" = 1\n' >>"$T/lb.toml"
LBC_CONFIG=$T/lb.toml
check "the file is right" lbc lb1 check

# The script of the manual, with other paths.
mkdir -p /etc/keepalived
manual=$LAB_REPO/packaging/manual/keepalived.md
sed -n '/^#!\/bin\/sh/,/^```/p' "$manual" | sed '/^```/d' |
  sed "s#exec lbconverge#exec $LBCONVERGE -c $LBC_CONFIG --node \$(hostname)#" >/etc/keepalived/lbconverge.sh
chmod 755 /etc/keepalived/lbconverge.sh
check "the manual has the script" grep -q 'apply --as' /etc/keepalived/lbconverge.sh

keepalived_conf() { # NODE
  cat <<END
global_defs {
  router_id $1
  script_user root
  enable_script_security
}
vrrp_instance V {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${PRIORITY[$1]}
  advert_int 1
  notify "/etc/keepalived/lbconverge.sh"
  virtual_ipaddress {
    $VIP/32 dev eth0
  }
}
END
}
has() { [[ "$(ip -n "$1" -br addr show dev eth0)" == *" $VIP/"* ]]; }
only() { has "$1" && ! has "$2"; }
in_sync() { lbc "$1" diff --as "$2" >"$T/diff" 2>&1; }
elect() { # NODE
  keepalived_conf "$1" >"$T/$1.conf"
  background "$1" keepalived -n -l -D -f "$T/$1.conf" -p "$T/$1.pid" -r "$T/$1.vrrp" -c "$T/$1.check" >"$T/$1.ka" 2>&1
  disown $!
}
elect lb1
elect lb2
check "lb1 is master" within 10 only lb1 lb2
check "lb1 is as the file says for a master" within 5 in_sync lb1 master
check "lb2 is as the file says for a backup" within 5 in_sync lb2 backup
check_eq "the client reaches both servers" "ws1=5 ws2=5" "$(fetches 10 "http://$VIP:8001/")"

kill -TERM "$(<"$T/lb1.pid")"
check "lb2 takes over" within 10 only lb2 lb1
check "lb2 is as the file says for a master" within 5 in_sync lb2 master
check_eq "the client reaches both servers" "ws1=5 ws2=5" "$(fetches 10 "http://$VIP:8001/")"
check "keepalived has ended" within 5 test ! -e "$T/lb1.pid"
elect lb1
check "lb1 is master again" within 10 only lb1 lb2
check "lb1 is as the file says" within 5 in_sync lb1 master
check "lb2, too" within 5 in_sync lb2 backup
check_eq "the client reaches both servers" "ws1=5 ws2=5" "$(fetches 10 "http://$VIP:8001/")"
