#!/bin/bash
# libcurl, libnftables and libsystemd are loaded when they are needed: commands that need none of them work without
# them, and others say which one is missing.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20

lab_begin
node lb1 eth0=192.168.100.1/24
node ws1 eth0=192.168.100.3/24
serve ws1 80 81
config=$T/lb.toml
LBC_CONFIG=$config
cat >"$config" <<E2
role = "director"
interface = "eth0"
vips = ["$VIP"]
[[service]]
vip = "$VIP"
port = 80
real_servers = ["192.168.100.3"]
check = { type = "http", interval = "200ms", timeout = "200ms" }
[[service]]
vip = "$VIP"
port = 81
real_servers = ["192.168.100.3"]
check = { type = "tcp", interval = "200ms", timeout = "200ms" }
E2

hidden=$(ldconfig -p | awk '$1 ~ /^lib(curl|nftables|systemd)[a-z-]*[.]so[.][0-9]/ && !seen[$NF]++ { print $NF }')
# without COMMAND...: run lbconverge with empty files in place of these libraries, in a mount namespace of its own.
cat >"$T/without" <<E2
#!/bin/bash
for library in $(tr '\n' ' ' <<<"$hidden"); do mount --bind /dev/null \$library || exit 125; done
exec "\$@"
E2
without() { X lb1 unshare -m bash "$T/without" "$LBCONVERGE" -c "$config" --node lb1 "$@"; }

check "there is something to hide" grep -q libcurl <<<"$hidden"
check "check needs none" without check
check "apply needs none" without apply
check_eq "and does its work" 2 "$(X lb1 ipvsadm -Sn | grep -c -- '^-A')"
check_eq "the whole program needs none to start" 0 "$(ldd "$LBCONVERGE" | grep -c 'curl\|nftables\|systemd')"
check "show prints what it can read" grep -q "^address = \"$VIP/32\"" <<<"$(without show --format toml 2>"$T/said")"
check "and says once what it left out, and why" grep -qx 1 <<<"$(grep -c 'left out: .*libnftables' "$T/said")"
check "doctor goes on without it, too" without doctor

X lb1 ipvsadm -C
background lb1 unshare -m bash "$T/without" "$LBCONVERGE" -c "$config" --node lb1 run >"$T/log" 2>&1
daemon=$!
has() { X lb1 ipvsadm -Sn | grep -q -- "-r 192.168.100.3:$1"; }
check "a check over TCP is made" within 10 has 81
check "one over HTTP is not, and the log says why" within 3 grep -q 'libcurl.*install the package' "$T/log"
check_eq "it says so once" 1 "$(grep -c 'install the package' "$T/log")"
check_eq "nothing is concluded of the server" 1 "$(has 80; echo $?)"
check "status says why" grep -q 'could not ask: .*libcurl' <<<"$(lbc lb1 status --json)"
for library in $hidden; do nsenter -t "$daemon" -m umount "$library"; done
check "when the library is there, the check is made" within 5 has 80
kill "$daemon"
