# shellcheck shell=bash
# Functions for the tests with keepalived as the VRRP peer: sourced by t/vrrp-*.sh after lab.sh. See peer.sh.
# $KEEPALIVED is another keepalived than the installed one.
PEER=keepalived
command -v "${KEEPALIVED:=keepalived}" >/dev/null || skip "keepalived is not installed"
. "$LAB/peer.sh"
UNICAST4=$'unicast_src_ip SELF4\n  unicast_peer {\n    PEER4\n  }'
UNICAST6=$'unicast_src_ip SELF6\n  unicast_peer {\n    PEER6\n  }'
PASSWORD=$'authentication {\n    auth_type PASS\n    auth_pass s3cr3tPw\n  }'

# theirs NODE PRIORITY VERSION INTERVAL EXTRA VIP...: start keepalived on the node. Its log is $T/NODE.ka.
theirs() {
  local name=$1 priority=$2 version=$3 interval=$4 extra=$5
  shift 5
  cat >"$T/$name.conf" <<END
global_defs {
  router_id $name
  vrrp_version $version
}
vrrp_instance V {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority $priority
  advert_int $interval
  $extra
  virtual_ipaddress {
$(printf '    %s dev eth0\n' "$@")
  }
}
END
  background "$name" "$KEEPALIVED" -n -l -D -P -f "$T/$name.conf" -p "$T/$name.pid" -r "$T/$name.vrrp" >"$T/$name.ka" 2>&1
  THEIRS[$name]=$!
  disown $!
  check "$name: keepalived has started" within 5 grep -q 'Entering BACKUP STATE' "$T/$name.ka"
}
end_theirs() {
  kill -TERM "$(cat "$T/$1.pid")"
  within 8 gone "${THEIRS[$1]}"
  rm -f "$T/$1.pid" "$T/$1.vrrp"
}
