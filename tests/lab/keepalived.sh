# shellcheck shell=bash
# Functions for the tests with Debian's keepalived as the peer: sourced by t/vrrp-*.sh after lab.sh.
# ours and theirs start one of the two programs on a node, end stops it cleanly, both_ways tests the two together.
# $KEEPALIVED is another keepalived than the installed one.
PEER=keepalived
VIP=192.168.100.20 VIP6=fd00::20 LINK6=fe80::20
UNICAST4=$'unicast_src_ip SELF4\n  unicast_peer {\n    PEER4\n  }'
UNICAST6=$'unicast_src_ip SELF6\n  unicast_peer {\n    PEER6\n  }'
PASSWORD=$'authentication {\n    auth_type PASS\n    auth_pass s3cr3tPw\n  }'

lab_begin
node client eth0=192.168.100.10/24,fd00::10/64
node lb1 eth0=192.168.100.1/24,fd00::1/64
node lb2 eth0=192.168.100.2/24,fd00::2/64

declare -A OURS=() THEIRS=()

# ours NODE PRIORITY EXTRA VIP...: start lbconverge on the node.
ours() {
  local name=$1 priority=$2 extra=$3
  shift 3
  local vips
  printf -v vips '"%s", ' "$@"
  printf 'role = "director"\ninterface = "eth0"\nvips = [%s]\n[[vrrp]]\nvrid = 51\npriority = %s\n%s\n' \
    "${vips%, }" "$priority" "$extra" >"$T/$name.toml"
  background "$name" "$LBCONVERGE" -c "$T/$name.toml" run >"$T/$name.log" 2>&1
  OURS[$name]=$!
  disown $!
}

# theirs NODE PRIORITY VERSION INTERVAL EXTRA VIP...: start keepalived on the node.
theirs() {
  local name=$1 priority=$2 version=$3 interval=$4 extra=$5
  shift 5
  cat >"$T/$name.conf" <<EOF
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
EOF
  background "$name" "${KEEPALIVED:-keepalived}" -n -D -P -f "$T/$name.conf" -p "$T/$name.pid" -r "$T/$name.vrrp" >"$T/$name.ka" 2>&1
  THEIRS[$name]=$!
  disown $!
  check "$name: keepalived has started" within 5 test -s "$T/$name.vrrp"
}

has() { X "$1" ip -o addr show dev eth0 | grep -qF " ${2:-$VIP}/"; }
lacks() { ! has "$@"; }
end() { # NODE: a clean stop
  if [ -n "${OURS[$1]:-}" ]; then
    kill -TERM "${OURS[$1]}"
    check "$1: the daemon ends" within 8 gone "${OURS[$1]}"
  else
    end_theirs "$1"
    check "$1: $PEER ends" within 8 gone "${THEIRS[$1]}"
  fi
  unset "OURS[$1]" "THEIRS[$1]"
}
end_theirs() {
  kill -TERM "$(cat "$T/$1.pid")"
  within 8 gone "${THEIRS[$1]}"
  rm -f "$T/$1.pid" "$T/$1.vrrp"
}
counter() { lbc_raw "$1" status --json | grep -o "\"$2\":[0-9]*" | head -1 | cut -d: -f2; }
lbc_raw() { X "$1" "$LBCONVERGE" -c "$T/$1.toml" "${@:2}"; }

declare -A ADDRESS4=([lb1]=192.168.100.1 [lb2]=192.168.100.2) ADDRESS6=([lb1]=fd00::1 [lb2]=fd00::2)
# Replaces SELF4, PEER4, SELF6 and PEER6 in a piece of configuration by the addresses of the node and of its peer.
for_node() { # NODE TEXT
  local other=lb1 text=$2
  [ "$1" = lb2 ] || other=lb2
  text=${text//SELF4/${ADDRESS4[$1]}} text=${text//PEER4/${ADDRESS4[$other]}}
  text=${text//SELF6/${ADDRESS6[$1]}} text=${text//PEER6/${ADDRESS6[$other]}}
  echo "$text"
}

# both_ways WHAT VERSION THEIR_INTERVAL OUR_EXTRA THEIR_EXTRA VIP...
both_ways() {
  local what=$1 version=$2 interval=$3 our_extra=$4 their_extra=$5
  shift 5
  local last="${*: -1}"
  # The peer is master and we are backup. It stops and we take over. It returns and preempts.
  theirs lb1 150 "$version" "$interval" "$(for_node lb1 "$their_extra")" "$@"
  check "$what: $PEER alone is master" within 8 has lb1 "$last"
  ours lb2 100 "$(for_node lb2 "$our_extra")" "$@"
  sleep 2
  check "$what: we hear it and stay backup" lacks lb2 "$last"
  check_eq "$what: we never were master" 0 "$(counter lb2 became_master)"
  check_eq "$what: nothing was dropped" '"dropped":{}' "$(lbc_raw lb2 status --json | grep -o '"dropped":{[^}]*}')"
  check "$what: we have heard it" test "$(counter lb2 received)" -gt 0
  end lb1
  check "$what: we take over when it stops" within 4 has lb2 "$last"
  theirs lb1 150 "$version" "$interval" "$(for_node lb1 "$their_extra")" "$@"
  check "$what: it takes over again" within 8 has lb1 "$last"
  check "$what: and we give way" within 2 lacks lb2 "$last"
  end lb2
  end lb1
  # We are master and the peer is backup.
  ours lb1 150 "$(for_node lb1 "$our_extra")" "$@"
  check "$what: we alone are master" within 8 has lb1 "$last"
  theirs lb2 100 "$version" "$interval" "$(for_node lb2 "$their_extra")" "$@"
  sleep 2
  check "$what: it hears us and stays backup" lacks lb2 "$last"
  end lb1
  check "$what: it takes over when we stop" within 4 has lb2 "$last"
  check "$what: we have left nothing" lacks lb1 "$last"
  end lb2
}
