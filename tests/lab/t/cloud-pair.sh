#!/bin/bash
# The example of a pair in a cloud (scenario S5), unchanged: the floating address follows the election. It uses the hook
# of the examples, and a small HTTP server in the place of the provider.
. "$(dirname "$0")/../lab.sh"

lab_begin
node provider eth0=10.130.0.1/16
node lb1 eth0=10.130.0.2/16
node lb2 eth0=10.130.0.3/16
ADDRESS=203.0.113.10 TOKEN=s3cr3t-token LOG=$T/provider.log
LBC_CONFIG=$LAB_REPO/examples/s5-cloud-pair.toml

# Files and a user that the example expects on the machine. The guest's changes of files stay in the guest.
useradd --system --no-create-home keepalived_script
mkdir -p /etc/lbconverge
chmod 755 /etc/lbconverge
(umask 077 && printf 'pass-33\n' >/etc/lbconverge/vrrp.pass &&
  printf '# the provider\nAPI=http://10.130.0.1:8000\nTOKEN="%s"\n' $TOKEN >/etc/lbconverge/provider.env)
install -m 755 "$LAB_REPO/examples/assign-floating-ip" /usr/local/bin/
X provider "$LAB_TOOLS/provider" 8000 $TOKEN "$LOG" >/dev/null
background lb1 bash -c 'exec -a haproxy sleep 1000'
disown $!

check "check accepts the file without a word" test -z "$(lbc lb1 check | grep -E 'warning|error')"

says() { lbc "$1" status --json 2>/dev/null | grep -q "$2"; }
is() { says "$1" "\"state\":\"$2\",\"undecided\""; }
ask() { X provider curl -sS -H "Authorization: Bearer $TOKEN" "http://10.130.0.1:8000/floating_ips/$ADDRESS"; }
mode() { X provider curl -sS -X POST "http://10.130.0.1:8000/mode/$1"; }
holds() { [ "$(ask)" = "$1" ]; }
# The longest time between two advertisements, in milliseconds.
longest_gap() {
  awk '{split($1, t, ":"); now = (t[1] * 60 + t[2]) * 60 + t[3]; if (NR > 1 && now - last > most) most = now - last; last = now}
    END {print NR < 3 ? 99999 : int(most * 1000)}' "$1"
}
asked_by() { grep -c "POST /floating_ips/$ADDRESS/$1 " "$LOG"; }

start lb1
start lb2
check "lb1 is master" within 10 is lb1 master
check "and the floating address is with it" within 5 holds lb1
check "status knows" within 3 says lb1 '"state":"master","at":[0-9.]*,"good":true,"attempts":1,"overtaken":false'
check "status for people, too" grep -q 'hook /usr/local/bin/assign-floating-ip of VI_1: done on master' <<<"$(lbc lb1 status)"
check_eq "lb2 has asked for nothing" 0 "$(asked_by lb2)"
check_fails "the token is in no log" grep -q "$TOKEN" "$T/lb1.log" "$T/lb2.log"
check_fails "and in no status" grep -q "$TOKEN" <<<"$(lbc lb1 status --json)"

# Stop and start again: the address follows.
kill -TERM "${DAEMON[lb1]}"
check "stopped: lb2 gets it" within 8 holds lb2
check "and the daemon has ended" within 5 gone "${DAEMON[lb1]}"
start lb1
check "lb1 comes back" within 10 holds lb1

# The API fails: the hook is tried again until it works.
before=$(asked_by lb2)
mode fail
kill -TERM "${DAEMON[lb1]}"
check "lb2 is master" within 8 is lb2 master
check "its hook fails" within 8 says lb2 '"retry_at":[0-9]'
check "with the provider's word" grep -q 'exit status 22: curl: (22).*503' <<<"$(lbc lb2 status --json)"
check_eq "nothing has been assigned" "$before" "$(asked_by lb2)"
mode ok
check "the API works again: it comes with the next attempt" within 8 holds lb2
check "which was not the first" within 3 says lb2 '"good":true,"attempts":[2-9]'
start lb1
check "lb1 comes back again" within 10 holds lb1

# A slow hook delays no advertisement, and a hook that is overtaken is not run later.
mode slow
kill -TERM "${DAEMON[lb1]}"
check "lb2 is master once more" within 8 is lb2 master
sniff lb2 eth0 "proto 112 and src 10.130.0.3" "$T/adverts"
check "its hook waits for the provider" within 5 says lb2 '"running":"master"'
check "and is done after all" within 20 says lb2 '"running":null.*"good":true'
sniffed "$T/adverts" >/dev/null
gap=$(longest_gap "$T/adverts")
check "meanwhile no advertisement was late ($gap ms)" test "$gap" -lt 1300

kill -TERM "${DAEMON[lb2]}"
check "lb2's daemon ends" within 5 gone "${DAEMON[lb2]}"
start lb2
check "alone, it is master" within 10 is lb2 master
check "it asks" within 5 says lb2 '"running":"master"'
before=$(asked_by lb2)
start lb1
check "lb1 preempts" within 10 is lb1 master
check "lb2's hook is overtaken" within 5 says lb2 '"running":null.*"overtaken":1'
sleep 8 # longer than the provider takes to answer
check_eq "and asks for nothing any more" "$before" "$(asked_by lb2)"
mode ok
check "the address is with lb1" within 20 holds lb1
