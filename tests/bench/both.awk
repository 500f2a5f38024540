# The table of tests/bench/both. Lines: transition LABEL KIND GAP_MS UDP_LOST TCP_FAILED TCP_RESET STREAMS_BROKEN CIRCLES
$1 == "transition" {
    row = $2 " " $3
    if (!(row in count)) order[++rows] = row
    n = ++count[row]
    gap[row, n] = $4
    udp[row] += $5; failed[row] += $6; reset[row] += $7; broken[row] += $8; circles[row] += $9
}
function median(row,   i, j, t, n, v) {
    n = count[row]
    for (i = 1; i <= n; i++) v[i] = gap[row, i]
    for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
BEGIN {
    name["cut"] = "cable of the master pulled"
    name["stop"] = "master stopped"; name["return"] = "started, takes over again"
}
END {
    print "| binary | transition | times | longest time without an answer, ms, median | UDP requests lost | fresh TCP failed (of them reset) | of 12 streams broken, on average | packets in circles |"
    print "|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= rows; i++) {
        row = order[i]
        split(row, part, " ")
        printf "| %s | %s | %d | %.0f | %d | %d (%d) | %.1f | %d |\n", part[1], name[part[2]], count[row], median(row),
               udp[row], failed[row], reset[row], broken[row] / count[row], circles[row]
    }
}
