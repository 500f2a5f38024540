# The table of tests/bench/election, out of lines "outage SIDE INTERVAL EVENT UDP_MS UDP_LOST TCP_MS TCP_LOST" and
# "many SIDE WHAT VALUE".
function median(list, n, i, j, t, a) {
    n = split(list, a, " ")
    for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
    return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}
function most(list, n, i, a, m) { n = split(list, a, " "); for (i = 1; i <= n; i++) if (a[i] + 0 > m + 0) m = a[i]; return m + 0 }
$1 == "outage" {
    key = $3 " " $4
    if (!(key in seen)) { seen[key] = 1; order[++rows] = key }
    udp[$2, key] = udp[$2, key] " " $5; lost[$2, key] = lost[$2, key] " " $6
    tcp[$2, key] = tcp[$2, key] " " $7; failed[$2, key] = failed[$2, key] " " $8
}
$1 == "spread" { if (!($3 in spreads)) { spreads[$3] = 1; spread_names[++kinds] = $3 } spread[$2, $3] = $4 }
$1 == "many" { if (!($3 in what)) { what[$3] = 1; names[++facts] = $3 } value[$2, $3] = value[$2, $3] " " $4 }
END {
    printf "longest time without an answer, ms, median (most)    UDP every 5 ms, TCP connection every 10 ms\n"
    printf "%-9s %-7s %16s %16s %7s   %16s %16s   %s\n", "interval", "event", "lbconverge UDP", "keepalived UDP", "ratio", "lbconverge TCP", "keepalived TCP", "lost UDP+TCP, most: lbconverge keepalived"
    for (i = 1; i <= rows; i++) {
        k = order[i]; split(k, w, " ")
        a = median(udp["lbconverge", k]); b = median(udp["keepalived", k])
        printf "%-9s %-7s %9.0f (%4.0f) %9.0f (%4.0f) %7.2f   %9.0f (%4.0f) %9.0f (%4.0f)   %d+%d  %d+%d\n", w[1] " ms", w[2],
            a, most(udp["lbconverge", k]), b, most(udp["keepalived", k]), b ? a / b : 0,
            median(tcp["lbconverge", k]), most(tcp["lbconverge", k]), median(tcp["keepalived", k]), most(tcp["keepalived", k]),
            most(lost["lbconverge", k]), most(failed["lbconverge", k]), most(lost["keepalived", k]), most(failed["keepalived", k])
    }
    if (facts) printf "\n254 instances at 100 ms, median (most)      lbconverge       keepalived\n"
    for (i = 1; i <= facts; i++) {
        f = names[i]
        printf "%-36s %8.0f (%6.0f) %8.0f (%6.0f)\n", f, median(value["lbconverge", f]), most(value["lbconverge", f]),
            median(value["keepalived", f]), most(value["keepalived", f])
    }
    if (kinds) printf "\nadvertisements every 100 ms while 10,000 x 10 are loaded   lbconverge  keepalived\n"
    for (i = 1; i <= kinds; i++) printf "%-56s %12.1f %11.1f\n", spread_names[i], spread["lbconverge", spread_names[i]], spread["keepalived", spread_names[i]]
}
