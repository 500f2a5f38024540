#!/bin/bash
# Every error has one clear sentence, says what to do, has the right exit code, and loses nothing.
. "$(dirname "$0")/../lab.sh"
topo_four
LBC_CONFIG=$T/lb.toml
chmod 755 "$T"
base='role = "director"
interface = "eth0"
vips = ["192.168.100.20"]
[[service]]
vip = "192.168.100.20"
port = 80
real_servers = ["192.168.100.3"]
'
says() { # DESCRIPTION STATUS WORDS NODE ARGUMENTS...
  local description=$1 status=$2 words=$3 output got=0
  shift 3
  output=$(lbc "$@" 2>&1) || got=$?
  check_eq "$description: exit code" "$status" "$got"
  check "$description: says \"$words\"" grep -Eq -- "$words" <<<"$output" || echo "$output"
}
write() { printf '%s' "$base" | sed "$1" >"$LBC_CONFIG"; }

write ''
says "usage: no such command" 64 'no command "frobnicate"' lb1 frobnicate
says "usage: no such option" 64 'unrecognised option' lb1 apply --frobnicate
says "usage: --as" 64 'master or backup' lb1 apply --as king
LBC_CONFIG=/nowhere.toml says "no file" 65 'nowhere.toml: cannot be read' lb1 apply
write 's/port = 80/port = 80\nschedular = "rr"/'
says "unknown key, with its place and the nearest" 65 'lb.toml:7:1: error: .*schedular.*scheduler' lb1 apply
write 's/port = 80/port = 80\nscheduler = "wwr"/'
says "unknown scheduler" 65 'wwr.*(wrr|one of)' lb1 apply
write 's/port = 80/port = 99999/; s/192.168.100.3"/192.168.100.300"/'
check_eq "all problems at once" 2 "$(lbc lb1 check | grep -c error:)"
check_exit "check" 65 lbc lb1 check
mkdir "$T/conf.d"
echo 'interface = "eth1"' >"$T/conf.d/10-more.toml"
write ''
says "a scalar twice names both places" 65 'conf.d/10-more.toml:1:.*lb.toml:2|lb.toml:2.*10-more.toml:1' lb1 apply
rm -r "$T/conf.d"

write 's/interface = "eth0"/interface = "eth9"/'
says "missing interface" 3 'no interface eth9' lb1 apply # the table is loaded nevertheless
says "missing interface, as JSON" 1 '"status":"failed","exit":1,"changed":false' lb1 apply --json
check "what does not need it is done" grep -q -- '-r 192.168.100.3:80' <<<"$(X lb1 ipvsadm -Sn)"
LBC_CONFIG=$LAB_REPO/examples/four-nodes.toml says "a file with nodes, and this is none of them" 65 'lb1, lb2|lb1.*lb2.*ws1' client apply

# Without the permission: nothing is changed, and the exit code is 77.
write ''
output=$(X lb1 setpriv --reuid 65534 --clear-groups "$LBCONVERGE" -c "$LBC_CONFIG" apply 2>&1) || status=$?
check_eq "without root: exit code" 77 "${status:-0}"
check "without root: says so" grep -qi 'root' <<<"$output"
check_exit "check needs no root" 0 setpriv --reuid 65534 --clear-groups "$LBCONVERGE" -c "$LBC_CONFIG" check

# A setting that does not exist, and a value that the kernel refuses: the output says which steps were done.
printf 'role = "real-server"\n[sysctl]\n"net.ipv4.no_such_thing" = 1\n' >"$LBC_CONFIG"
says "no such setting" 3 'no setting net.ipv4.no_such_thing' lb1 apply
{ printf 'role = "director"\ninterface = "eth0"\nvips = ["192.168.100.20"]\n[sysctl]\n"net.ipv4.ip_forward" = 1\n"net.ipv4.vs.sync_version" = 2\n[[service]]\nvip = "192.168.100.20"\nport = 80\nreal_servers = ["192.168.100.3"]\n'; } >"$LBC_CONFIG"
output=$(lbc lb1 apply 2>&1)
check_eq "a value that the kernel refuses: exit code" 3 $?
check_eq "says which setting" 1 "$(grep -c '^lbconverge: .*sync_version.*refuses the value' <<<"$output")"
check_eq "which step failed, and what was done" 1 "$(grep -c 'not converged: [0-9] of [0-9] steps done, 1 failed, 0 not attempted' <<<"$output")"
check_eq "the VIP does not need it" 1 "$(X lb1 ip -o addr | grep -cF 192.168.100.20/32)"

# An error that has nothing to do with permissions must not ask for root.
printf 'role = "director"\ninterface = "eth0"\nvips = ["2001:db8::20"]\n[[service]]\nvip = "2001:db8::20"\nport = 80\nreal_servers = ["2001:db8::3"]\n' >"$LBC_CONFIG"
X lb1 sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
says "IPv6 is switched off" 3 'IPv6 is switched off on eth0' lb1 apply
says "and what to do" 1 'net.ipv6.conf.eth0.disable_ipv6 to 0' lb1 apply
X lb1 sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
check "it is done, and goes on from there" lbc lb1 apply
printf 'role = "real-server"\n[sysctl]\n"net.ipv4.ip_forward" = 1\n' >"$LBC_CONFIG"
output=$(X ws1 unshare -m sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec "$@"' sh \
  "$LBCONVERGE" -c "$LBC_CONFIG" apply 2>&1)
check "settings of a container cannot be written: says so" grep -q '/proc/sys is read-only here' <<<"$output"

# A scheduler that this kernel does not have.
if modprobe ip_vs_twos 2>/dev/null || zgrep -q CONFIG_IP_VS_TWOS=y /proc/config.gz 2>/dev/null; then
  echo "note: this kernel has scheduler twos; its absence is tested on Debian's kernel"
else
  write 's/port = 80/port = 80\nscheduler = "twos"/'
  X lb2 ip link set eth0 up
  says "a scheduler that the kernel lacks" 3 'no scheduler "twos"' lb2 apply
  check_eq "found before anything was changed" "" "$(X lb2 ipvsadm -Sn)"
fi

# The lock: a second run waits for it, and ends with 75 if it waits in vain.
write ''
check "apply" lbc lb1 apply
run=$(X lb1 sh -c 'dirname /run/lbconverge/*/lock')
background lb1 flock "$run/lock" sleep 3
sleep 0.3
check "a second run waits for the first" lbc lb1 apply
background lb1 flock "$run/lock" sleep 14
HOLDER=$!
sleep 0.3
says "and gives up after a while" 75 'another lbconverge' lb1 apply
kill $HOLDER

# The guards of [limits].
printf '%s[limits]\nmax_service_deletes = 0\n' "$(sed 's/port = 80/port = 81/' <<<"$base")"$'\n' >"$LBC_CONFIG"
says "too many services would go" 4 'max_service_deletes' lb1 apply
printf '%s[limits]\nmax_weight_loss = 50\n' "$(sed 's/"192.168.100.3"/{ address = "192.168.100.3", weight = 0 }/' <<<"$base")"$'\n' >"$LBC_CONFIG"
says "a service would lose too much weight" 4 'would lose 100 %' lb1 apply
check_eq "nothing was changed" 1 "$(X lb1 ipvsadm -Sn | grep -c -- '-r 192.168.100.3:80 -g -w 1')"

# If a line of the ledger is damaged, only its content is lost, and the run goes on.
X lb1 sh -c 'for f in /run/lbconverge/*/ledger*; do echo rubbish >>$f; done'
write ''
says "a damaged ledger" 0 'ledger.*: line' lb1 apply
check_eq "it is written anew" 0 "$(X lb1 sh -c 'cat /run/lbconverge/*/ledger*' | grep -c rubbish)"
# A ledger of an earlier boot is ignored.
X lb1 sh -c 'for f in /run/lbconverge/*/ledger*; do sed -i "1s/.*/lbconverge-ledger 1 00000000-0000-0000-0000-000000000000/" $f; done'
check "a ledger from before the last boot is ignored" lbc lb1 apply

# --netns names a namespace as ip(8) does.
check_exit "--netns" 0 "$LBCONVERGE" -c "$LBC_CONFIG" --netns lb1 diff
check_exit "--netns that is not there" 1 "$LBCONVERGE" -c "$LBC_CONFIG" --netns nowhere diff
