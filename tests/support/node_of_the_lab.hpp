// The commands with which a test makes its node, in a network namespace that is still empty.
#pragma once

namespace lbconverge::test {

/// For system(3). There are no link-local addresses, because the time at which the kernel adds them is not known.
inline constexpr const char* node_of_the_lab = R"(
ip -batch - <<'END'
link set lo addrgenmode none
link set lo up
link add eth0 type veth peer name eth1
link set eth0 addrgenmode none
link set eth1 addrgenmode none
link set eth0 up
link set eth1 up
address add 10.0.0.2/24 dev eth0
address add 2001:db8::2/64 dev eth0 nodad
END
)";

}  // namespace lbconverge::test
