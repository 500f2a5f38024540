#!/bin/bash
# Other programs add and remove rows while a large table is read. None of our rows must look as if it were missing.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20
lab_begin
node lb1 eth0=192.168.100.1/24
LBC_CONFIG=$T/lb.toml
{
  printf 'role = "director"\ninterface = "eth0"\nvips = ["%s"]\n' $VIP
  for ((i = 1; i <= 600; i++)); do
    printf '[[service]]\nvip = "%s"\nport = %d\ncheck = "none"\nreal_servers = ["10.0.0.1"]\n' $VIP $i
  done
} >"$LBC_CONFIG"
check "apply" lbc lb1 apply
for ((i = 20000; i < 20400; i++)); do echo "-A -t $VIP:$i -s rr"; done >"$T/add"
sed 's/-A/-D/; s/ -s rr//' "$T/add" >"$T/delete"
while [ -e "$T/add" ]; do
  X lb1 ipvsadm -R <"$T/add"
  X lb1 ipvsadm -R <"$T/delete"
done 2>/dev/null &
wrong=0
for ((k = 0; k < 20; k++)); do lbc lb1 diff >"$T/out" || wrong=$((wrong + 1)); done
check_eq "of 20 looks none is wrong" 0 $wrong
X lb1 ipvsadm -D -t $VIP:300
check_exit "what is missing is seen all the same" 2 lbc lb1 diff
rm "$T/add"
wait
