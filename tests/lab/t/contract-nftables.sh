#!/bin/bash
# The part of the contract that is about nftables, on this machine's kernel; marked packets really have the mark.
# lab: native
. "$(dirname "$0")/../lab.sh"
need_nftables
CONTRACT_TESTS=${LBCONVERGE_CONTRACT_TESTS:-$(dirname "$LBCONVERGE")/tests/contract/contract_tests}

check "contract_tests is built" test -x "$CONTRACT_TESTS"
LBCONVERGE_REAL=without-ipvs "$CONTRACT_TESTS" --no-colors=true --test-suite=nftables >"$LAB_OUT/contract-nftables.log" 2>&1
status=$?
cat "$LAB_OUT/contract-nftables.log"
check_eq "the real kernel and the fake one keep the contract" 0 "$status"
check "on all seven cases" grep -qE 'test cases: +7 . +7 passed' "$LAB_OUT/contract-nftables.log"
