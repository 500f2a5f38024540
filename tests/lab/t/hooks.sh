#!/bin/bash
# Hooks and tracks one by one: the user and the environment with which they run, which of them are refused, and that
# none of this ever delays an advertisement.
. "$(dirname "$0")/../lab.sh"

lab_begin
node lb1 eth0=192.168.100.1/24,192.168.100.101/24
node lb2 eth0=192.168.100.2/24
useradd --system --no-create-home hooker
mkdir -p /opt/hooks
OUT=$T/out
install -o hooker -m 644 /dev/null "$OUT"
chmod 755 "$T"
cat >/opt/hooks/note <<'EOF'
#!/bin/sh
echo "$LBCONVERGE_STATE $LBCONVERGE_INSTANCE $LBCONVERGE_NODE $LBCONVERGE_VIPS $LBCONVERGE_PRIORITY $(id -un) ${KEY:-} ${HIDDEN:-}" >>"$1"
EOF
cat >/opt/hooks/slow <<'EOF'
#!/bin/sh
trap '' TERM
i=0
while [ $i -lt 200 ]; do i=$((i + 1)); sleep 0.05; done
EOF
printf '#!/bin/sh\ntest -e /run/healthy\n' >/opt/hooks/healthy # each node has a /run of its own
chmod 755 /opt/hooks /opt/hooks/*
for name in lb1 lb2; do X $name touch /run/healthy; done

LBC_CONFIG=$T/lb.toml
cat >"$LBC_CONFIG" <<EOF
role = "director"
interface = "eth0"
vips = ["192.168.100.20"]
[nodes]
lb1 = { address = "192.168.100.1", priority = 150 }
lb2 = { address = "192.168.100.2" }
[[track]]
name = "healthy"
command = ["/opt/hooks/healthy"]
interval = "100ms"
fall = 3
rise = 2
[[track]]
name = "weighted"
file = "/run/number"
interval = "100ms"
weight = -1
[[vrrp]]
vrid = 51
advert_interval = "300ms"
track = ["healthy", "weighted"]
[[hook]]
on = ["master", "backup", "fault", "stop"]
command = ["/opt/hooks/note", "$OUT"]
user = "hooker"
environment = { KEY = "value" }
[[hook]]
on = ["master"]
command = ["/opt/hooks/slow"]
timeout = "1s"
EOF

export HIDDEN=leak
says() { lbc "$1" status --json 2>/dev/null | grep -q "$2"; }
is() { says "$1" "\"state\":\"$2\",\"undecided\""; }
wrote() { grep -q "$1" "$OUT"; }
logged() { grep -q "$2" "$T/$1.log"; }
# The longest time between two advertisements, in milliseconds.
longest_gap() {
  awk '{split($1, t, ":"); now = (t[1] * 60 + t[2]) * 60 + t[3]; if (NR > 1 && now - last > most) most = now - last; last = now}
    END {print NR < 3 ? 99999 : int(most * 1000)}' "$1"
}

check "check has nothing to say" test -z "$(lbc lb1 check | grep -E 'warning|error')"
start lb1
check "lb1 is master" within 5 is lb1 master
sniff lb1 eth0 "proto 112 and src 192.168.100.1" "$T/adverts"
check "the hooks are told, as their user, with a clean environment" \
  within 5 wrote '^master vrrp-51 lb1 192.168.100.20 150 hooker value $'
# (A newer state ends a hook. It comes only after more than three intervals, so the hook of backup had the time to run.)
check "backup came first" test "$(head -1 "$OUT" | cut -d' ' -f1)" = backup
check "a hook that takes too long is ended" within 5 logged lb1 'hook /opt/hooks/slow on master of vrrp-51: timed out'
sniffed "$T/adverts" >/dev/null
gap=$(longest_gap "$T/adverts")
check "and has delayed no advertisement ($gap ms)" test "$gap" -lt 450
check_eq "with everything it had started" "" "$(pgrep -f /opt/hooks/slow)"

# A command that fails, three times in a row.
X lb1 rm /run/healthy
check "a track that fails is a fault" within 5 is lb1 fault
check "with its reason" says lb1 '"why":"track healthy: exit status 1"'
check "the hook is told" within 3 wrote '^fault vrrp-51'
X lb1 touch /run/healthy
check "and it recovers" within 5 is lb1 master

# A track of a file: the number in the file, multiplied by the weight.
X lb1 sh -c 'echo 60 >/run/number'
check "a number counts" within 3 says lb1 '"priority":90,"base_priority":150'
start lb2
check "lb2 is better now" within 10 is lb2 master
X lb1 sh -c 'echo 0 >/run/number'
check "and then it is not" within 5 is lb1 master
X lb1 rm /run/number

check "no file is 0" within 3 says lb1 '"why":"there is no file'

# A command that others may write is refused, by check and when it should run.
chmod o+w /opt/hooks
check "check refuses a directory that others may write" grep -q '/opt/hooks may be written by everybody' <<<"$(lbc lb1 check 2>&1)"
check_exit "with the status of a bad file" 65 lbc lb1 check
X lb1 rm /run/healthy
check "the daemon refuses it as well" within 5 logged lb1 '/opt/hooks may be written by everybody'
chmod o-w /opt/hooks
X lb1 touch /run/healthy
check "and goes on when it is mended" within 5 is lb1 master

# The daemon waits for the stop hook before it ends.
: >"$OUT"
kill -TERM "${DAEMON[lb1]}"
check "the daemon ends" within 8 gone "${DAEMON[lb1]}"
check "after its stop hook" wrote '^stop vrrp-51 lb1'
