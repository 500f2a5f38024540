#!/bin/bash
# The contract of tests/contract on this kernel: what the fake kernel of the property tests claims about a real one.
. "$(dirname "$0")/../lab.sh"
CONTRACT_TESTS=${LBCONVERGE_CONTRACT_TESTS:-$(dirname "$LBCONVERGE")/tests/contract/contract_tests}

# Each case leaves a network namespace that is about to end: nothing of IPVS may be loaded at that moment (schedulers.sh).
modprobe -qa ip_vs ip_vs_lblc ip_vs_lblcr
check "contract_tests is built" test -x "$CONTRACT_TESTS"
LBCONVERGE_REAL=1 "$CONTRACT_TESTS" --no-colors=true --test-suite-exclude=nftables >"$LAB_OUT/contract.log" 2>&1
status=$?
cat "$LAB_OUT/contract.log"
check_eq "the real kernel and the fake one keep the contract" 0 "$status"
