#!/bin/bash
# Clients of the control socket, of root and of ordinary users, send anything, very often or very slowly. The daemon
# goes on, its memory stays below a limit, and all other clients are answered meanwhile.
# lab: native
. "$(dirname "$0")/../lab.sh"
lab_begin
node lb1 eth0=192.168.100.1/24
LBC_CONFIG=$T/lb$'\xff'%.toml # any octets
chmod 755 "$T"
{
  printf 'role = "director"\ninterface = "eth0"\nvips = ["192.168.100.20"]\n'
  printf '[[vrrp]]\nvrid = 51\nadvert_interval = "200ms"\n'
  for port in {1..20}; do # so that the status has a megabyte
    printf '[[service]]\nvip = "192.168.100.20"\nport = %d\nreal_servers = [' $port
    printf '"10.0.2.%d", ' {1..100}
    printf ']\ncheck = { type = "tcp", interval = "60s" }\n'
  done
} >"$LBC_CONFIG"

cat >"$T/strangers.py" <<'E2'
# strangers.py USER COUNT WHAT: COUNT clients at once, which do WHAT as long as this runs. Prints a line when all exist.
import glob, os, random, resource, socket, sys, time
user, count, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
path = glob.glob("/run/lbconverge/**/control", recursive=True)[0]
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
if user: os.setgroups([]); os.setresgid(user, user, user); os.setresuid(user, user, user)
STATUS = b'{"command":"status"}\n'
NASTY = [b"", b"garbage", b"[]", b'"x"', b"7", b"null", b"\0", b"\xff\xfe", b"{" * 60000, b"[" * 60000, b'{"a":' * 9000,
    b'{"command":5}', b'{"command":null}', b'{"command":{}}', b'{"command":["status"]}', b'{"command":"nonesuch"}', b"{}",
    b'{"command":1e999}', b'{"command":-99999999999999999999}', b'{"command":"status","command":"status"}',
    b'{"command":"status\0"}', b'{"command":"\xff"}', b'{"command":"\\ud800"}', b'{"command":"\\u0000"}',
    b'{"command":"apply"}', b'{"command":"apply","file":5,"node":[],"host":{},"json":"yes"}',
    b'{"command":"apply","file":"%","node":"","host":""}', b'{"command":"apply","file":"/\xff","node":"","host":""}',
    b'{"command":"drain","server":null}', b'{"command":"drain","server":"' + b"a" * 60000 + b'"}',
    b'{"command":"undrain","server":"@@:::"}', b"x" * 200000,
    b"{" + b",".join(b'"%d":true' % i for i in range(5000)) + b"}"]
def connected():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(0.5)
    try: s.connect(path)
    except OSError: pass  # the queue is full
    return s
def talk(text):
    with connected() as s:
        try:
            s.sendall(text + b"\n")
            s.recv(300)
        except OSError: pass
if what == "nasty":
    for text in NASTY: talk(text)
    dice = random.Random(1)
    for i in range(count): talk(dice.randbytes(dice.randrange(1, 3000)))
    print(count, flush=True)
    sys.exit()
held, begin = [], time.time()
def crowd():
    while len(held) < count:
        try:
            s = connected()
            held.append(s)
            if what == "deaf": s.sendall(STATUS)
            if what == "half": s.sendall(STATUS[:10])
        except OSError: pass
crowd()
print(count, flush=True)
while time.time() < begin + 60:
    if what == "again":  # a client that was sent away comes back
        held.clear()
        crowd()
    elif what == "half":
        for s in held:
            try: s.send(b" ")
            except OSError: pass
    time.sleep(0.05)
E2
alive() { kill -0 "${DAEMON[lb1]}"; }
memory() { awk '/VmHWM/ {print int($2 / 1024)}' "/proc/${DAEMON[lb1]}/status"; } # its maximum until now, in MB
answers() { lbc lb1 status; }
answers_others() { X lb1 setpriv --reuid=1001 --regid=1001 --clear-groups "$LBCONVERGE" status; }
strangers() { # USER COUNT WHAT
  background lb1 python3 "$T/strangers.py" "$@" >"$T/there.$1.$3"
  CROWD+=($!)
}
there() { grep -q . "$T/there.$1.$2"; }

start lb1
check "status answers" within 20 answers
size=$(lbc lb1 status --json | wc -c)
check "it is large" test "$size" -gt 400000
before=$(memory)

for user in 65534 0; do
  CROWD=()
  strangers $user 50 nasty
  check "nonsense of user $user has been said" within 60 there $user nasty
  check "and the daemon lives" alive
  check "and answers" answers
done
for what in silent half deaf again; do
  for users in "65534 1002 1003 1004" "0"; do
    CROWD=()
    for user in $users; do strangers "$user" 300 $what; done
    for user in $users; do check "300 of user $user: $what" within 60 there "$user" $what; done
    check "root is answered among them" within 10 answers
    check "so are other users" within 10 answers_others
    kill "${CROWD[@]}" 2>/dev/null
    wait "${CROWD[@]}" 2>/dev/null
    check "and afterwards" within 3 answers
  done
done
check "the daemon lives" alive
check_eq "the election has not noticed" 1 "$(grep -c -- '-> master' "$T/lb1.log")"
echo "$size octets of status; $before MB, and $(memory) MB at the most"
check "it stayed below 100 MB" test "$(memory)" -lt 100

# The daemon does what root asks for. The client only asks, and the daemon reads the file.
lbc lb1 drain 10.0.2.1 >/dev/null 2>&1 # without IPVS this cannot be carried out
check "a drain" grep -q 'drain of 10.0.2.1' "$T/lb1.log"
chmod 000 "$LBC_CONFIG"
echo nonsense >>"$LBC_CONFIG"
output=$(lbc lb1 apply 2>&1)
check_eq "a file with an error: exit code" 65 $?
check "its place" grep -aq 'toml:107:9: error' <<<"$output"
check "the daemon goes on with the one before" grep -q 'the daemon goes on with the one before' <<<"$output"
output=$(X lb1 "$LBCONVERGE" -c "$LBC_CONFIG" --node other apply 2>&1)
check_eq "for another node: exit code" 75 $?
stop lb1
