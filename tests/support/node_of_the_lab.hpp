// How a test makes the node that it works on, in a network namespace that is still empty.
#pragma once

namespace lbconverge::test {

/// For system(3). No link-local addresses: they come when they like.
inline constexpr const char* node_of_the_lab =
    "ip -batch - <<'END'\n"
    "link set lo addrgenmode none\n"
    "link set lo up\n"
    "link add eth0 type veth peer name eth1\n"
    "link set eth0 addrgenmode none\n"
    "link set eth1 addrgenmode none\n"
    "link set eth0 up\n"
    "link set eth1 up\n"
    "address add 10.0.0.2/24 dev eth0\n"
    "address add 2001:db8::2/64 dev eth0 nodad\n"
    "END\n";

}  // namespace lbconverge::test
