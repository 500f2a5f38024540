#!/bin/bash
# The contract of tests/contract on this kernel: it tests what the fake kernel of the property tests claims about a real
# one.
. "$(dirname "$0")/../lab.sh"
CONTRACT_TESTS=${LBCONVERGE_CONTRACT_TESTS:-$(dirname "$LBCONVERGE")/tests/contract/contract_tests}

# After each case a network namespace ends. While it ends, the kernel must not load a module of IPVS (schedulers.sh says
# why), so they are loaded here.
modprobe -qa ip_vs ip_vs_lblc ip_vs_lblcr
check "contract_tests is built" test -x "$CONTRACT_TESTS"
LBCONVERGE_REAL=1 "$CONTRACT_TESTS" --no-colors=true --test-suite-exclude=nftables >"$LAB_OUT/contract.log" 2>&1
status=$?
cat "$LAB_OUT/contract.log"
check_eq "the real kernel and the fake one keep the contract" 0 "$status"
