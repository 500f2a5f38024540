# shellcheck shell=bash
# kill-steps.sh: check that a run that is killed before any step leaves a safe node, and that the next run ends like one
# that was not killed. "Safe" is checked with ip, ipvsadm and /proc/sys, not with lbconverge. Sourced by
# t/kill-resume-*.sh, after lab.sh. tests/contract/kill_steps.cpp has the runs.
#   scene FROM TO     from FROM ("" for a fresh node) to TO, killed before each step in turn
KILL_STEPS=${LBCONVERGE_KILL_STEPS:-$(dirname "$LBCONVERGE")/tests/contract/kill_steps}
check "kill_steps is built" test -x "$KILL_STEPS"
lab_begin

# Prints the state of the node: "address ADDRESS IFACE", "service ADDRESS", "live ADDRESS" and settings. It runs few
# processes, because each costs 20 ms in the guest.
cat >"$T/look" <<'LOOK'
cd /proc/sys/net/ipv4
{ ip -o address; ipvsadm -Ln; ipvsadm -L --timeout; grep -H . conf/*/arp_ignore conf/*/arp_announce vs/expire_nodest_conn; } | awk '
  $3 ~ /^inet/ { print "address", $4, $2 }
  $1 == "TCP" { service = $2; print "service", service, $3 }
  $1 == "->" && $2 != "RemoteAddress:Port" { print "server", service, $2, $3, $4; if ($4 > 0) live[service] }
  /^Timeout/ || /^conf/ || /^vs/
  END { for (each in live) print "live", each }' | sort
LOOK
look() { X "$1" sh "$T/look"; }
has() { [[ $'\n'$seen$'\n' == *$'\n'"$1"[[:space:]]* ]]; }
# effective SETTING: sets value to the one that counts for eth0, which is the larger of its own and that of "all".
effective() {
  [[ $seen =~ conf/all/$1:([0-9]+) ]] && value=${BASH_REMATCH[1]}
  [[ $seen =~ conf/eth0/$1:([0-9]+) ]] && value=$((BASH_REMATCH[1] > value ? BASH_REMATCH[1] : value))
}

# unsafe TO FROM: sets why if the node in $seen is not safe on its way to the scene TO from FROM.
unsafe() {
  local value ignore announce
  why=''
  if has "address 10.0.0.20/32 lo"; then
    effective arp_ignore
    ignore=$value
    effective arp_announce
    announce=$value
    case $ignore/$announce in 1/[12] | 2/[12]) ;; *) why="VIP on lo with arp_ignore $ignore, arp_announce $announce" ;; esac
    case $1 in
      real-server*) has "service 10.0.0.20:80" && why="VIP on lo of a real server that balances" ;;
    esac
  fi
  case $1 in
    both-*) has "address 10.0.0.20/32 lo" || why="the VIP is not on lo: what another master sends here is refused" ;;
    director*)
      has "address 10.0.0.20/32 eth0" && ! has "live 10.0.0.20:80" && why="VIP on eth0 without its service"
      [ "$1" = director-edited ] || ! has "address 2001:db8::20/128 eth0" || has "live [2001:db8::20]:80" ||
        why="IPv6 VIP on eth0 without its service"
      ;;
    real-server*) [ "$2" = director ] || ! has "address 10.0.0.20/32 eth0" || why="VIP on eth0 of a real server" ;;
  esac
  [ -n "$why" ]
}

# The head of this file says what scene does.
number=0
scene() {
  local from=$1 to=$2 steps step name end trouble=''
  number=$((number + 1))
  fresh "$from" "n$number"
  steps=$(X "n$number" "$KILL_STEPS" "$to")
  check "$from -> $to: runs undisturbed" test "${steps:-0}" -gt 0
  end=$(look "n$number")
  for ((step = 0; step < steps; step++)); do
    name=n$number.$step
    fresh "$from" "$name"
    X "$name" "$KILL_STEPS" "$to" "$step" >/dev/null 2>&1
    [ $? = 137 ] || trouble+="step $step: was not killed"$'\n'
    seen=$(look "$name")
    ! unsafe "$to" "$from" || trouble+="killed before step $step: $why"$'\n'
    X "$name" "$KILL_STEPS" "$to" >/dev/null || trouble+="killed before step $step: the next run fails"$'\n'
    [ "$(X "$name" "$KILL_STEPS" "$to")" = 0 ] || trouble+="killed before step $step: the run after the next still writes"$'\n'
    [ "$(look "$name")" = "$end" ] || trouble+="killed before step $step: ends elsewhere"$'\n'
  done
  check_eq "$from -> $to: safe and resumed after each of $steps steps" "" "$trouble"
}

# fresh FROM NAME: makes a node without a cable to any other node, and brings it to the scene FROM.
fresh() {
  ip -batch - <<<"netns add $2
link add eth0 netns $2 type veth peer name eth1 netns $2"
  ip -n "$2" -batch - <<<"link set lo up
link set eth0 addrgenmode none
link set eth1 addrgenmode none
link set eth0 up
link set eth1 up
address add 10.0.0.2/24 dev eth0
address add 2001:db8::2/64 dev eth0 nodad"
  [ -z "$1" ] || X "$2" "$KILL_STEPS" "$1" >/dev/null || abort "$2 does not get to $1"
}
