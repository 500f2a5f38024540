// The contract of the kinds that are tables of nftables: a suite of its own, since a kernel with IPVS need not have
// nftables, and this machine's, which has it, need not have IPVS.
#include "contract.hpp"

#include "support/ip.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

using namespace lbconverge;
using namespace lbconverge::kinds;
using namespace lbconverge::test;

namespace {

using Errors = std::vector<int>;

/// Rows are made, changed in place and removed, all with one text each; what is not there cannot be removed.
template <class Kind>
void lives(const std::vector<typename Kind::Key>& keys, const typename Kind::Value& value,
           const typename Kind::Value& other) {
    Node node;
    Script make, change, remove;
    for (const auto& key : keys) {
        make.create<Kind>(key, value);
        change.update<Kind>(key, value, other);
        remove.remove<Kind>(key, other);
    }
    CHECK(node.run(make) == Errors(keys.size()));
    CHECK(node.look().get<Kind>().size() == keys.size());
    CHECK(node.run(change) == Errors(keys.size()));
    CHECK(*node.value<Kind>(keys.front()) == other);
    CHECK(node.run(remove) == Errors(keys.size()));
    CHECK(node.look().get<Kind>().empty());
}

/// The mark with which a connection to the node's own address comes in: the accepted socket has it
/// (net.ipv4.tcp_fwmark_accept, linux Documentation/networking/ip-sysctl.rst).
std::uint32_t mark_of_connection(std::uint16_t port) {
    std::ofstream("/proc/sys/net/ipv4/tcp_fwmark_accept") << 1;
    sockaddr_in at{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
    REQUIRE(::inet_pton(AF_INET, "10.0.0.2", &at.sin_addr) == 1);
    const auto* address = reinterpret_cast<const sockaddr*>(&at);
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;  // the one before may still be closing
    REQUIRE(::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    REQUIRE(::bind(listener, address, sizeof at) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ::connect(client, address, sizeof at);
    pollfd comes{.fd = listener, .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&comes, 1, 2000) == 1);
    const int accepted = ::accept(listener, nullptr, nullptr);
    std::uint32_t mark = 0;
    socklen_t size = sizeof mark;
    REQUIRE(::getsockopt(accepted, SOL_SOCKET, SO_MARK, &mark, &size) == 0);
    for (const int fd : {accepted, client, listener}) ::close(fd);
    return mark;
}

}  // namespace

TEST_SUITE_BEGIN("nftables");

TEST_CASE("the ARP filter: VIPs and what is said instead of them") {
    lives<ArpFilter>({{ip("192.0.2.20")}, {ip("192.0.2.21")}}, {.source = ip("10.0.0.2")}, {.source = ip("10.0.0.3")});
}

TEST_CASE("redirections of both families and every protocol") {
    lives<Redirect>({{ip("192.0.2.20"), Protocol::tcp, 80},
                     {ip("192.0.2.20"), Protocol::udp, 53},
                     {ip("2001:db8::20"), Protocol::sctp, 5000}},
                    {.to = 8080}, {.to = 8081});
}

TEST_CASE("marks of both families, up to the largest") {
    lives<Mark>({{ip("192.0.2.20"), Protocol::tcp, 80},
                 {ip("192.0.2.20"), Protocol::udp, 53},
                 {ip("2001:db8::20"), Protocol::sctp, 5000}},
                {.fwmark = 7}, {.fwmark = 0xffffffff});
}

TEST_CASE("what comes in for a destination has its mark, and nothing else has") {
    Node node;
    const Mark::Key key{ip("10.0.0.2"), Protocol::tcp, 80};
    Script make, change, remove;
    make.create<Mark>(key, {.fwmark = 7});
    change.update<Mark>(key, {.fwmark = 7}, {.fwmark = 0xffffffff});
    remove.remove<Mark>(key, {.fwmark = 0xffffffff});
    CHECK(node.run(make) == Errors(1));
    if (real_kernel_wanted()) {
        CHECK(mark_of_connection(80) == 7);
        CHECK(mark_of_connection(81) == 0);
    }
    CHECK(node.run(change) == Errors(1));
    if (real_kernel_wanted()) CHECK(mark_of_connection(80) == 0xffffffff);
    CHECK(node.run(remove) == Errors(1));
    if (real_kernel_wanted()) CHECK(mark_of_connection(80) == 0);
}

TEST_CASE("redirections and marks share a table, and go one by one") {
    Node node;
    const Redirect::Key key{ip("192.0.2.20"), Protocol::tcp, 80};
    Script both;
    both.create<Redirect>(key, {.to = 8080}).create<Mark>(key, {.fwmark = 7});
    CHECK(node.run(both) == Errors(2));
    Script first, second;
    first.remove<Redirect>(key, {.to = 8080});
    CHECK(node.run(first) == Errors(1));
    CHECK(node.value<Mark>(key)->fwmark == 7);
    CHECK(node.value<Mark>(key)->enforced);
    second.remove<Mark>(key, {.fwmark = 7});
    CHECK(node.run(second) == Errors(1));
}

TEST_SUITE_END();
