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

/// With one row, the table is mended, and the others in it with it.
void fake_mends(Node& node) {
    const auto enforce = []<class Kind>(FakeKernel& fake) {
        for (std::uint32_t i = 0; i < fake.node.get<Kind>().size(); ++i) {
            Row<Kind> row = fake.node.get<Kind>().row(i);
            row.value.enforced = true;
            fake.node.get<Kind>().put(row.key, row.value);
        }
    };
    enforce.operator()<ArpFilter>(node.fake);
    enforce.operator()<Redirect>(node.fake);
    enforce.operator()<Mark>(node.fake);
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

TEST_CASE("whatever somebody makes of a table of ours is seen, and undone with the row") {
    const IpAddress vip = ip("192.0.2.20");
    const ArpFilter::Value value{.source = ip("10.0.0.2")};
    const ArpFilter::Value broken{.source = ip("10.0.0.2"), .enforced = false};
    for (const char* command : {
             "nft 'add table arp lbconverge { flags dormant; }'",
             "nft 'chain arp lbconverge in { policy drop; }'",
             "nft flush chain arp lbconverge in",
             "nft insert rule arp lbconverge out accept",
             "nft 'flush chain arp lbconverge in; delete chain arp lbconverge in'",
             "nft 'delete chain arp lbconverge in; add chain arp lbconverge in { type filter hook input priority 5; }; "
             "add rule arp lbconverge in arp daddr ip @vips drop comment \"lbconverge\"'",
             "nft 'add chain arp lbconverge more { type filter hook input priority -5; policy drop; }'",
             "nft 'add set arp lbconverge more { type ipv4_addr; }'",
             "nft 'flush chain arp lbconverge in; add rule arp lbconverge in drop comment \"lbconverge\"'",
         }) {
        CAPTURE(command);
        Node node;
        Script make, mend;
        make.create<ArpFilter>({vip}, value).create<ArpFilter>({ip("192.0.2.21")}, value);
        CHECK(node.run(make) == Errors(2));
        node.by_hand(command, [&](FakeKernel& fake) {
            fake.node.get<ArpFilter>().put({vip}, broken);
            fake.node.get<ArpFilter>().put({ip("192.0.2.21")}, broken);
        });
        fake_mends(node);
        mend.update<ArpFilter>({vip}, broken, value);
        CHECK(node.run(mend) == Errors(1));
        CHECK(node.value<ArpFilter>({ip("192.0.2.21")})->enforced);
    }
}

TEST_CASE("a table of redirections and marks that somebody changed comes back with both") {
    Node node;
    const Redirect::Key key{ip("192.0.2.20"), Protocol::tcp, 80};
    Script both, mend;
    both.create<Redirect>(key, {.to = 8080}).create<Mark>(key, {.fwmark = 7});
    CHECK(node.run(both) == Errors(2));
    node.by_hand("nft 'chain ip lbconverge in { policy drop; }'", [&](FakeKernel& fake) {
        fake.node.get<Redirect>().put(key, {.to = 8080, .enforced = false});
        fake.node.get<Mark>().put(key, {.fwmark = 7, .enforced = false});
    });
    fake_mends(node);
    mend.update<Mark>(key, {.fwmark = 7, .enforced = false}, {.fwmark = 7});
    CHECK(node.run(mend) == Errors(1));
    CHECK(node.value<Redirect>(key)->enforced);
}

TEST_SUITE_END();
