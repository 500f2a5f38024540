# shellcheck shell=bash
# Functions for the tests with another program as the VRRP peer: sourced by keepalived.sh and frr.sh, which define $PEER
# and theirs, end_theirs and in_backup. ours and theirs start one of the two programs on a node, end stops it cleanly,
# both_ways tests the two together.
VIP=192.168.100.20 VIP6=fd00::20 LINK6=fe80::20

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

has() { X "$1" ip -o addr show dev eth0 | grep -qF " ${2:-$VIP}/"; }
lacks() { ! has "$@"; }
end() { # NODE: a clean stop
  if [ -n "${OURS[$1]:-}" ]; then
    kill -TERM "${OURS[$1]}"
    check "$1: the daemon ends" within 8 gone "${OURS[$1]}"
  else
    end_theirs "$1"
    check "$1: $PEER ends" gone "${THEIRS[$1]}"
  fi
  unset "OURS[$1]" "THEIRS[$1]"
}
counter() { lbc_raw "$1" status --json | grep -o "\"$2\":[0-9]*" | head -1 | cut -d: -f2; }
heard() { [ "$(counter "$1" received)" -gt 0 ]; }
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

# both_ways WHAT VERSION THEIR_INTERVAL OUR_EXTRA THEIR_EXTRA VIP...: the peer is on lb1, we are on lb2. A master that
# stops says so: the backup then waits for less than 1 s, also in version 2, where it waits for 3.6 s after a silence.
both_ways() {
  local what=$1 version=$2 interval=$3 our_extra their_extra down_interval=1
  [ "$version" = 3 ] || down_interval=4
  our_extra=$(for_node lb2 "$4") their_extra=$(for_node lb1 "$5")
  shift 5
  local last="${*: -1}"
  theirs lb1 150 "$version" "$interval" "$their_extra" "$@"
  check "$what: $PEER alone is master" within 8 has lb1 "$last"
  ours lb2 100 "$our_extra" "$@"
  check "$what: we hear it" within 5 heard lb2
  sleep $down_interval # a backup that hears nothing is master by then
  check "$what: we stay backup" lacks lb2 "$last"
  check_eq "$what: nothing was dropped, and we never were master" '"dropped":{} "became_master":0' \
    "$(lbc_raw lb2 status --json | grep -oE '"dropped":\{[^}]*\}|"became_master":[0-9]*' | sort -r | paste -sd' ')"
  end lb1
  check "$what: we take over when it stops" within 2 has lb2 "$last"
  theirs lb1 150 "$version" "$interval" "$their_extra" "$@"
  check "$what: it comes back, and takes over" within 8 has lb1 "$last"
  check "$what: we give way" within 2 lacks lb2 "$last"
  sed -i 's/^priority = .*/priority = 200/' "$T/lb2.toml"
  kill -HUP "${OURS[lb2]}"
  check "$what: with a higher priority we take over" within 8 has lb2 "$last"
  check "$what: it gives way" within 2 lacks lb1 "$last"
  sleep $down_interval
  check "$what: it hears us, and stays backup" lacks lb1 "$last"
  end lb2
  check "$what: it takes over when we stop" within 2 has lb1 "$last"
  check "$what: we have left nothing" lacks lb2 "$last"
  end lb1
}
