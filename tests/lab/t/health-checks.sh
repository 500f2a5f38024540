#!/bin/bash
# Health checks with real packets: a server dies and comes back under load; on_down drain and remove; quorum and
# fallback; the answers of every type of check; a restart of the daemon loses nothing.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20

lab_begin
node client eth0=192.168.100.10/24
node lb1 eth0=192.168.100.1/24
node ws1 eth0=192.168.100.3/24
node ws2 eth0=192.168.100.4/24
node sorry eth0=192.168.100.9/24
for name in ws1 ws2 sorry; do
  X $name sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  X $name ip addr add $VIP/32 dev lo
  serve $name 80 81 82 83 84
done
config=$T/lb.toml
LBC_CONFIG=$config

write() { # MORE: lines for the service of port 80
  cat >"$config.new" <<E2
role = "director"
interface = "eth0"
vips = ["$VIP"]
[[service]]
name = "web"
vip = "$VIP"
port = 80
scheduler = "rr"
real_servers = ["192.168.100.3", "192.168.100.4"]
check = { type = "tcp", port = ${CHECK_PORT:-80}, interval = "200ms", timeout = "200ms", fall = 2, rise = 2 }
on_down = "${ON_DOWN:-drain}"
$1
E2
  mv "$config.new" "$config"
}
status() { lbc lb1 status --json; }
weight() { X lb1 ipvsadm -Sn | awk -v to="$1:${2:-80}" '{for (i = 1; i < NF; i++) if ($i == "-r" && $(i + 1) == to) w = $0} END {sub(/.*-w /, "", w); print w == "" ? "none" : w + 0}'; }
is_weight() { [ "$(weight "$1" "${3:-80}")" = "$2" ]; }
reload() { lbc lb1 apply; }

# ---- from an empty kernel: the first answer decides ---------------------------------------------------------------
unserve ws2
write ''
start lb1
check "the server that answers comes in" within 10 is_weight 192.168.100.3 1
check "the one that does not is there with weight 0" within 3 is_weight 192.168.100.4 0
check "diff says why" grep -qE 'h +server 192.168.100.4:80 +weight 0 .*down: connect refused, [0-9]+ s' <<<"$(lbc lb1 diff)"
check_eq "and that there is nothing to do" 0 "$(lbc lb1 diff >/dev/null; echo $?)"
check_eq "requests go to the one that lives" "ws1=6" "$(fetches 6 http://$VIP/)"
serve ws2 80 81 82 83 84
check "a server that comes back is used again" within 5 is_weight 192.168.100.4 1
check_eq "by half of the requests" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"

# ---- a server dies under load --------------------------------------------------------------------------------------
X client "$LAB_TOOLS/fetch" "http://$VIP/" 300 >"$T/load" &
load=$!
unserve ws1
check "a dead server goes to weight 0" within 5 is_weight 192.168.100.3 0
wait $load
echo "under load: $(cat "$T/load")"
check_eq "after that nobody meets it" "ws2=20" "$(fetches 20 http://$VIP/)"
check "the log has said so once" test "$(grep -c 'server 192.168.100.3:80: down: connect refused' "$T/lb1.log")" = 1
check "status shows the check" grep -q '"server":"192.168.100.3:80","type":"tcp","state":"down"' <<<"$(status)"
check "and who owns the weight" grep -q '"owner":"health","why":"down: connect refused' <<<"$(status)"
check "and so does its text" grep -q 'checks  *1 of 2 up' <<<"$(lbc lb1 status)"

# A weight that a person raises is lowered again. An apply does that at once.
X lb1 ipvsadm -e -t $VIP:80 -r 192.168.100.3:80 -g -w 5
check "apply does not lift it, but puts it back" lbc lb1 apply
check_eq "to 0" 0 "$(weight 192.168.100.3)"

# ---- a restart of the daemon ---------------------------------------------------------------------------------------
stop lb1 KILL
check_eq "the table stays" "0 1" "$(weight 192.168.100.3) $(weight 192.168.100.4)"
check_eq "without a daemon apply changes nothing" 0 "$(lbc lb1 apply | grep -c 'to do')"
check_eq "and holds the server that is down" "0 1" "$(weight 192.168.100.3) $(weight 192.168.100.4)"
check "diff says so" grep -qE 'h +server 192.168.100.3:80 +weight 0 .*down: connect refused' <<<"$(lbc lb1 diff)"
background lb1 sh -c 'while :; do ipvsadm -Sn | grep -- "-r 192.168.100.4:80"; done' >"$T/watch"
watch=$!
start lb1
check "the next daemon asks again" within 5 grep -q '"state":"up"' <<<"$(within 5 status; status)"
sleep 1
kill $watch
check_eq "the server that was in use was never out of use" 0 "$(grep -vc -- '-w 1$' "$T/watch")"
check_eq "the one that was down still is" 0 "$(weight 192.168.100.3)"
serve ws1 80 81 82 83 84
check "until it answers" within 5 is_weight 192.168.100.3 1

# ---- on_down = "remove", the default ---------------------------------------------------------------------------------
ON_DOWN=remove write ''
check "read" reload
unserve ws1
check "a server that is down is removed" within 20 is_weight 192.168.100.3 none
check "diff shows it as removed" grep -qE 'h +server 192.168.100.3:80 +removed .*down: connect refused' <<<"$(lbc lb1 diff)"
serve ws1 80 81 82 83 84
check "and comes back" within 5 is_weight 192.168.100.3 1
# A server with a connection, which it goes on serving. Another listener answers its checks; that one ends.
listen() { X "$1" "$LAB_TOOLS/labsrv" "$1" 85; }
declare -A CHECKED=([ws1]=$(listen ws1) [ws2]=$(listen ws2))
ON_DOWN=remove CHECK_PORT=85 write ''
check "read" reload
check "both are in the pool" within 5 is_weight 192.168.100.4 1
background client "$LAB_TOOLS/pinger" long $VIP 80 50 6 >"$T/long"
long=$!
within 5 sh -c "ip netns exec lb1 ipvsadm -Ln | awk '/192.168.100/ && \$5 > 0' | grep -q ."
server=$(X lb1 ipvsadm -Ln | awk '/192.168.100/ && $5 > 0 {sub(/:.*/, "", $2); print $2}') name=ws1
[ "$server" = 192.168.100.3 ] || name=ws2
kill "${CHECKED[$name]}"
check "one with a connection goes as well" within 5 is_weight "$server" none
wait $long
check "its connection is reset, and does not hang" grep -q 'connection lost: Connection reset by peer' "$T/long"
CHECKED[$name]=$(listen $name)
check "it comes back" within 5 is_weight "$server" 1

# ---- keep: the checks fail, and the servers live --------------------------------------------------------------------
kill "${CHECKED[ws1]}" "${CHECKED[ws2]}"
check "the log says that one stays" within 5 grep -q 'only 0 of 2 servers are up, so 1 that is down stays in the pool (keep)' "$T/lb1.log"
check "status says which" within 3 grep -qE '192.168.100.[34]:80.*; kept, since at least 50 % stay' <<<"$(lbc lb1 status)"
check_eq "no request is lost" "" "$(fetches 20 http://$VIP/ | tr ' ' '\n' | grep -v '^ws[12]=20$')"
CHECKED=([ws1]=$(listen ws1) [ws2]=$(listen ws2))
check "both are back" within 5 grep -q '[12] of 2 servers are up, which is enough again' "$T/lb1.log"
check "with their weights" within 5 is_weight 192.168.100.3 1
check "both of them" within 5 is_weight 192.168.100.4 1
check "one of two may go" lbc lb1 drain 192.168.100.3
check_exit "but not the other" 4 lbc lb1 drain 192.168.100.4
check "except with --force" lbc lb1 drain --force 192.168.100.4
check_eq "then both are drained" "0 0" "$(weight 192.168.100.3) $(weight 192.168.100.4)"
lbc lb1 undrain 192.168.100.3
lbc lb1 undrain 192.168.100.4
unset CHECK_PORT

# ---- quorum and fallback --------------------------------------------------------------------------------------------
write 'fallback = "192.168.100.9"'
check "read" reload
check_eq "the fallback is not in the pool" none "$(weight 192.168.100.9)"
unserve ws1
unserve ws2
check "without a living server the fallback is" within 5 is_weight 192.168.100.9 1
check_eq "and answers" "sorry=5" "$(fetches 5 http://$VIP/)"
check "diff says why" grep -qE 'h +server 192.168.100.9:80 +weight 1 .*fallback: fewer than 1 of 2 are up' <<<"$(lbc lb1 diff)"
stop lb1 KILL
check_eq "without a daemon apply leaves it there" "sorry=5" "$(lbc lb1 apply >/dev/null; fetches 5 http://$VIP/)"
start lb1
serve ws1 80 81 82 83 84
check "it goes when a server is back" within 8 is_weight 192.168.100.9 none
check_eq "who answers then" "ws1=5" "$(fetches 5 http://$VIP/)"
serve ws2 80 81 82 83 84
check "both are back" within 5 is_weight 192.168.100.4 1

# ---- the answers of every type of check ----------------------------------------------------------------------------
mkdir "$T/page"
echo 'all is well' >"$T/page/health"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key" -out "$T/cert" -days 2 -subj /CN=www.example.org \
  -addext 'subjectAltName=DNS:www.example.org' 2>/dev/null
cat >"$T/server.py" <<'E2'
import http.server, ssl, sys, socket, threading
class Page(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/name':
            body = self.headers['Host'].encode()
        elif self.path == '/moved':
            self.send_response(503); self.send_header('Content-Length', '0'); self.end_headers(); return
        else:
            body = b'all is well'
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *a): pass
plain = http.server.ThreadingHTTPServer(('', 8080), Page)
threading.Thread(target=plain.serve_forever, daemon=True).start()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[1], sys.argv[2])
secure = http.server.ThreadingHTTPServer(('', 8443), Page)
secure.socket = context.wrap_socket(secure.socket, server_side=True)
threading.Thread(target=secure.serve_forever, daemon=True).start()
dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); dns.bind(('', 53))
print('ready', flush=True)
while True:
    question, who = dns.recvfrom(512)
    end = question.index(b'\0', 12) + 5
    dns.sendto(question[:2] + b'\x81\x80\0\x01\0\x01\0\0\0\0' + question[12:end] + b'\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07', who)
E2
background ws1 python3 "$T/server.py" "$T/cert" "$T/key" >"$T/server.log" 2>&1
disown $!
check "a server of everything" within 15 grep -q ready "$T/server.log"
echo 7 >"$T/weight"
mkdir "$T/bin"
chmod 755 "$T" "$T/bin" # for the user of the checks
cat >"$T/bin/probe" <<'E2'
#!/bin/sh
[ "$LBCONVERGE_SERVER $(id -un)" = "192.168.100.3 nobody" ] || { echo "who, and whom?"; exit 1; }
case $1 in
  weight) [ "$LBCONVERGE_PORT" = 116 ] && exit 9 ;;
  ill) echo "out of memory"; exit 1 ;;
  hangs) sleep 60 ;;
esac
exit 1
E2
chmod 755 "$T/bin/probe"
X ws1 sysctl -qw net.ipv4.icmp_ratelimit=0 # otherwise it refuses UDP packets only once a second
service() { # PORT CHECK
  printf '[[service]]\nvip = "%s"\nport = %s\nreal_servers = ["192.168.100.3"]\n' $VIP "$1"
  printf 'check = { %s, interval = "1s", timeout = "4s", fall = 1, rise = 1 }\n' "$2"
  printf 'on_down = "drain"\n'
}
cat >"$config" <<E2
role = "director"
interface = "eth0"
vips = ["$VIP"]
ipvs.keep = "0%"
$(service 101 'type = "http", port = 8080, path = "/health", expect = "is well"')
$(service 102 'type = "http", port = 8080, path = "/name", host = "www.example.org", expect = "www.example.org"')
$(service 103 'type = "http", port = 8080, path = "/moved"')
$(service 104 'type = "http", port = 8080, path = "/moved", status = 503')
$(service 105 'type = "http", port = 8080, expect = "is ill"')
$(service 106 'type = "http", port = 8081')
$(service 107 'type = "https", port = 8443, expect = "is well"')
$(service 108 'type = "https", port = 8443, verify = true, host = "www.example.org"')
$(service 109 'type = "dns", port = 53, host = "a.example", expect = "192.0.2.7"')
$(service 110 'type = "dns", port = 53, host = "a.example", expect = "192.0.2.8"')
$(service 111 'type = "dns", port = 54')
$(service 112 'type = "udp", port = 80, expect = "ws1"')
$(service 113 'type = "udp", port = 54')
$(service 114 "type = \"file\", path = \"$T/weight\"")
$(service 115 "type = \"file\", path = \"$T/nothing\"")
$(service 116 "type = \"exec\", command = [\"$T/bin/probe\", \"weight\"]")
$(service 117 "type = \"exec\", command = [\"$T/bin/probe\", \"ill\"]")
$(service 118 "type = \"exec\", command = [\"$T/bin/probe\", \"hangs\"]")
E2
check "read" reload
what() { X lb1 ipvsadm -Ln | awk -v p="$VIP:$1" '$2 == p {getline; print $4}'; }
is_what() { [ "$(what "$1")" = "$2" ]; }
why() { lbc lb1 diff | sed -n "s/.*of tcp $VIP:$1  *//p" | sed 's/, [0-9][0-9]* [a-z]*$//'; }
is_why() { [ "$(why "$1")" = "$2" ]; }
says() { check "$1" within 15 is_why "$2" "$3"; }
matches() { grep -qE "$2" <<<"$(why "$1")"; }
# On a slow machine these take some time. Only the last result counts.
for port in 101 102 104 107 109 112; do check "type $port: up" within 20 is_what $port 1; done
check "a file gives the weight" within 10 is_what 114 7
check "a command gives the weight, as nobody, and knows the server" within 10 is_what 116 7
says "a command that is not content" 117 "down: exit status 1: out of memory"
# On a slow machine the command may not have been started at its time-out. Then the reason is "no answer".
check "a command that hangs" within 20 matches 118 '^down: (timed out|no answer)'
says "another status" 103 "down: HTTP status 503"
says "another body" 105 'down: the body has no "is ill"'
says "nobody there" 106 "down: connect refused"
check "a certificate that nobody vouches for" within 15 matches 108 'down: .*[Cc]ertificate'
says "another address" 110 "down: DNS: a.example is not 192.0.2.8"
says "no name server" 111 "down: connect refused"
says "nobody listens" 113 "down: connect refused"
says "no such file" 115 "down: $T/nothing cannot be read"
echo down >"$T/weight"
check "the file says down" within 5 is_what 114 0
echo up >"$T/weight"
check "the file says up" within 5 is_what 114 1
tail -15 "$T/lb1.log"
