# shellcheck shell=bash
# Functions for the tests of doctor: sourced by t/doctor-*.sh after lab.sh.
#
# healthy NODE [OPTION...]      doctor finds nothing there, and ends with 0
#   planted NODE CODE WHAT PLANT UNPLANT [OPTION...]    the mistake is found by its code, and with exit status 2
#   cured   NODE CODE WHAT PLANT UNPLANT [OPTION...]    the same, and the command that doctor prints mends it
#
# The folders that doctor reads belong to the test alone, and are empty. PLANT and UNPLANT are shell commands that run
# on the node. DOCTOR_OPTIONS goes before every command of lbconverge.

# A test has a mount namespace of its own, and the nodes see its mounts. All other files are shared by all tests.
for folder in keepalived network/interfaces.d sysconfig/network-scripts systemd/network NetworkManager/conf.d \
  NetworkManager/system-connections cloud/cloud.cfg.d sysctl.d netplan init.d; do
  mkdir -p "/etc/$folder" && mount -t tmpfs tmpfs "/etc/$folder" || abort "/etc/$folder: not mounted"
done

# Puts the programs that cures call into PATH: this lbconverge, and the iptables that works with this kernel.
doctor_path() {
  mkdir -p "$T/bin"
  ln -sf "$LBCONVERGE" "$T/bin/lbconverge"
  ln -sf "$(command -v iptables-legacy)" "$T/bin/iptables"
  PATH=$T/bin:$PATH
}

on() { # NODE SCRIPT
  X "$1" sh -c "$2"
}

examine() { # NODE [OPTION...]: sets examined (the text) and examined_status
  local name=$1
  shift
  examined_status=0
  examined=$(lbc "$name" doctor "$@" 2>&1) || examined_status=$?
}

# Prints the cure of the first finding with that code.
cure_of() { awk -v code="$1" '$1 == code {getline; sub(/^ *cure: /, ""); print; exit}' <<<"$examined"; }
finds() { grep -q "^$1 " <<<"$examined"; }

healthy() {
  local name=$1
  shift
  examine "$name" "$@"
  if [ "$examined_status" = 0 ] && ! grep -q '^LVS' <<<"$examined"; then
    ok "$name: nothing is found ($*)"
  else
    report "$name: nothing is found" 0 "$examined_status" "$examined" doctor "$@"
  fi
}

planted() {
  local name=$1 code=$2 what=$3 plant=$4 unplant=$5
  shift 5
  on "$name" "$plant" || fail "$code $what: not planted"
  examine "$name" "$@"
  if finds "$code" && [ "$examined_status" = 2 ] && [ -n "$(cure_of "$code")" ]; then
    ok "$code $what"
  else
    report "$code $what: found, with a cure" 2 "$examined_status" "$examined" doctor "$@"
  fi
  on "$name" "$unplant" || fail "$code $what: not taken back"
}

cured() {
  local name=$1 code=$2 what=$3 plant=$4 unplant=$5 cure
  shift 5
  on "$name" "$plant" || fail "$code $what: not planted"
  examine "$name" "$@"
  cure=$(cure_of "$code")
  if ! finds "$code" || [ -z "$cure" ]; then
    report "$code $what: found, with a cure" 2 "$examined_status" "$examined" doctor "$@"
  else
    on "$name" "$cure" >"$T/cure" 2>&1 || sed 's/^/  | /' "$T/cure"
    examine "$name" "$@"
    if finds "$code"; then
      report "$code $what: mended by $cure" 0 "$examined_status" "$examined" doctor "$@"
    else
      ok "$code $what; mended by: $cure"
    fi
  fi
  on "$name" "$unplant" || fail "$code $what: not taken back"
}
