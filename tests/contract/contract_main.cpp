// contract_tests: the contract on the fake kernel; with LBCONVERGE_REAL=1 on this machine's kernel, too, in network
// namespaces of its own (tests/lab/t/contract.sh does so in a lab guest).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
