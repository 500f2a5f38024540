#!/bin/bash
# A VRRP master gets packets on a real wire that it must ignore: each is counted with its reason and changes nothing.
# Every packet has priority 255, so that one that is not ignored has a visible effect.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20 GROUP=224.0.0.18 LB1=192.168.100.1 LB2=192.168.100.2

lab_begin
node lb1 eth0=$LB1/24
node lb2 eth0=$LB2/24

run_with() { # EXTRA: starts lb1 with this in its [[vrrp]]; it is alone, so it becomes master
  printf 'role = "director"\ninterface = "eth0"\nvips = ["%s"]\n[[vrrp]]\nvrid = 51\n%s\n' $VIP "$1" >"$T/lb1.toml"
  : >"$T/lb1.log"
  LBC_CONFIG=$T/lb1.toml start lb1
  check "master with: ${1//$'\n'/, }" within 8 is master
}
status() { X lb1 "$LBCONVERGE" -c "$T/lb1.toml" status --json; }
is() { status 2>/dev/null | grep -q "\"state\":\"$1\""; }
# The reasons are in the object "dropped", other counters are beside it.
count() { status | sed 's/.*"vrrp"/"vrrp"/; s/"version":[0-9]*,"family"/"family"/' | grep -o "\"$1\":[0-9]*" | head -1 | cut -d: -f2; }
wire() { X lb2 "$LAB_TOOLS/vrrpsend" "$@"; }
counted() { [ "$(count "$1")" = "$2" ]; }

# refused REASON WHAT VRRPSEND-ARGUMENTS...: the packet is counted with that reason, and lb1 is still master.
refused() {
  local reason=$1 what=$2 before
  shift 2
  before=$(count "$reason")
  wire "$@"
  check "$what: counted as \"$reason\"" within 2 counted "$reason" $((${before:-0} + 1))
  check "$what: still master" is master
}

#     version, type | vrid | priority | count | interval | checksum | addresses
good=31 vip=c0a86414
run_with 'advert_interval = "200ms"'
refused ttl "TTL 254" -t 254 $LB2 $GROUP ${good}33ff0100140000$vip
refused version "version 2" -c message $LB2 $GROUP 2133ff0100010000${vip}0000000000000000
refused version "version 4" $LB2 $GROUP 4133ff0100140000$vip
refused type "type 2" $LB2 $GROUP 3233ff0100140000$vip
refused checksum "a wrong checksum" -c none $LB2 $GROUP ${good}33ff0100141234$vip
refused "no address" "no address" $LB2 $GROUP ${good}33ff000014000000000000
refused length "an address too few" $LB2 $GROUP ${good}33ff0200140000$vip
refused length "octets behind the end" $LB2 $GROUP ${good}33ff0100140000${vip}00000000
refused "too short" "half a header" -c none $LB2 $GROUP ${good}33ff
refused "interval 0" "interval 0" $LB2 $GROUP ${good}33ff0100000000$vip
refused unknown_vrid "another VRID" $LB2 $GROUP ${good}34ff0100140000$vip
# Packets that are unusual but good: they are received and reported. Priority 1 does not win.
wire $LB2 $GROUP ${good}33010100140000c0a86463
check "another list of VIPs is counted, and no reason to drop" within 2 counted other_vips 1
wire $LB2 $GROUP ${good}330101f0140000$vip
check "reserved bits are ignored" within 2 counted received 2
wire -c message $LB2 $GROUP ${good}33010100140000$vip
check "a checksum over the message alone is good" within 2 counted received 3
check "still master" is master
wire $LB2 $GROUP ${good}33ff0100140000$vip
check "a good one of priority 255 is obeyed" within 2 is backup
check "and when it falls silent, we are master again" within 3 is master
check_eq "twice in all" 2 "$(count became_master)"
check "the log names the differing VIPs" grep -q 'another list of VIPs' "$T/lb1.log"
stop lb1

run_with $'version = 2\nauth_pass = "s3cr3tPw"'
refused "authentication type" "version 2 without a password" -c message $LB2 $GROUP 2133ff0100010000${vip}0000000000000000
refused password "another password" -c message $LB2 $GROUP 2133ff0101010000${vip}7333637233745058
refused interval "another interval" -c message $LB2 $GROUP 2133ff0101020000${vip}7333637233745077
refused length "no authentication data" -c message $LB2 $GROUP 2133ff0101010000$vip
wire -c message $LB2 $GROUP 2133ff0101010000${vip}7333637233745077
check "the right one is obeyed" within 2 is backup
stop lb1

run_with $'advert_interval = "200ms"\npeers = ["192.168.100.9"]\nmin_ttl = 250'
refused "not a peer" "unicast from somebody else" $LB2 $LB1 ${good}33ff0100140000$vip
stop lb1
run_with $'advert_interval = "200ms"\npeers = ["192.168.100.2"]\nmin_ttl = 250'
refused ttl "unicast from too far" -t 249 $LB2 $LB1 ${good}33ff0100140000$vip
wire -t 251 $LB2 $LB1 ${good}33ff0100140000$vip
check "near enough is obeyed" within 2 is backup
stop lb1
