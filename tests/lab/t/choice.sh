#!/bin/bash
# Which server mh, sh and dh choose: our own computation against this kernel, for pools with histories drawn by chance
# and for many clients each.
. "$(dirname "$0")/../lab.sh"
CHOICE_TESTS=${LBCONVERGE_CHOICE_TESTS:-$(dirname "$LBCONVERGE")/tests/contract/choice_tests}

modprobe -qa ip_vs ip_vs_mh ip_vs_sh ip_vs_dh
check "choice_tests is built" test -x "$CHOICE_TESTS"
"$CHOICE_TESTS" --no-colors=true >"$LAB_OUT/choice.log" 2>&1
status=$?
cat "$LAB_OUT/choice.log"
check_eq "every choice of the kernel is as computed" 0 "$status"
