// choice_tests: which server this machine's kernel chooses for a client, against our own computation. Pools are made by
// histories drawn by chance; after each one, packets of many clients are sent, and the kernel's table of connections
// says where each of them went. It needs root and IPVS: tests/lab/t/choice.sh runs it in a lab guest.
#include "contract.hpp"

#include "lbconverge/kinds/choice.hpp"
#include "support/ip.hpp"
#include "support/node_of_the_lab.hpp"

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <sstream>

using namespace lbconverge;
using namespace lbconverge::kinds;
using namespace lbconverge::test;

namespace {

using Server = std::pair<IpAddress, std::uint16_t>;

/// Where packets to a service of one family go, and by which mark.
struct Target {
    Service::Key service;
    ShortName scheduler;
    std::uint32_t flags = 0;
    bool tcp = false;  ///< a SYN instead of a datagram; for the mark
};

template <class T>
T must(Result<T> answer) {
    if (!answer) FAIL(answer.error().what);
    return std::move(*answer);
}

class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }
    /// A host's address, of no special net; the table of connections has it as it is.
    IpAddress address(Family family) {
        IpAddress address{family, {}};
        for (std::size_t i = 0; i < address.size(); ++i) address.bytes[i] = static_cast<std::uint8_t>(engine_());
        address.bytes[0] = static_cast<std::uint8_t>(family == Family::ipv4 ? 11 + below(100) : 0x20 + below(16));
        address.bytes[address.size() - 1] |= 1;
        return address;
    }
    std::uint16_t port() { return static_cast<std::uint16_t>(1024 + below(60000)); }

private:
    std::mt19937 engine_;
};

/// A socket address of either family.
struct SocketAddress {
    sockaddr_storage bytes{};
    socklen_t size = 0;

    SocketAddress(const IpAddress& address, std::uint16_t port) {
        if (address.family == Family::ipv4) {
            sockaddr_in four{};
            four.sin_family = AF_INET;
            four.sin_port = htons(port);
            std::memcpy(&four.sin_addr, address.bytes.data(), 4);
            std::memcpy(&bytes, &four, size = sizeof four);
        } else {
            sockaddr_in6 six{};
            six.sin6_family = AF_INET6;
            six.sin6_port = htons(port);
            std::memcpy(&six.sin6_addr, address.bytes.data(), 16);
            std::memcpy(&bytes, &six, size = sizeof six);
        }
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

/// One packet from that client. Its source need not be an address of this host.
void send_one(const ClientPacket& client, std::uint16_t port, const Target& to) {
    const bool four = client.address.family == Family::ipv4;
    const int type = (to.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK;
    const int fd = socket(four ? AF_INET : AF_INET6, type, 0);
    REQUIRE(fd >= 0);
    const int one = 1;
    const auto mark = static_cast<int>(to.service.fwmark);
    REQUIRE(setsockopt(fd, four ? SOL_IP : SOL_IPV6, four ? IP_TRANSPARENT : IPV6_TRANSPARENT, &one, sizeof one) == 0);
    REQUIRE(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0);
    const SocketAddress from(client.address, client.port);
    const SocketAddress there(client.destination, port);
    REQUIRE(bind(fd, from.get(), from.size) == 0);
    // What becomes of the packet does not matter: the choice is in the table before it is sent on.
    if (connect(fd, there.get(), there.size) == 0) (void)send(fd, "", 1, 0);
    close(fd);
}

IpAddress parsed(const std::string& text) {
    if (text.find(':') != std::string::npos) return ip(text);
    IpAddress address;
    for (std::size_t i = 0; i < 4; ++i) {
        address.bytes[i] = static_cast<std::uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
    }
    return address;
}

std::map<Server, Server> listed_connections() {
    std::map<Server, Server> all;
    std::ifstream file("/proc/thread-self/net/ip_vs_conn");
    REQUIRE(file.is_open());
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string protocol, from, from_port, to, to_port, server, server_port;
        words >> protocol >> from >> from_port >> to >> to_port >> server >> server_port;
        if (protocol != "UDP" && protocol != "TCP") continue;  // the head
        const auto port = [](const std::string& text) {
            return static_cast<std::uint16_t>(std::stoul(text, nullptr, 16));
        };
        all[{parsed(from), port(from_port)}] = {parsed(server), port(server_port)};
    }
    return all;
}

/// The server of each client, from the kernel's table of connections. All network namespaces share that table, and a
/// reading counts its entries to know where to go on: while the last namespace ends, it passes some over.
std::map<Server, Server> connections() {
    std::map<Server, Server> all = listed_connections();
    for (int attempt = 0; attempt < 100; ++attempt) {
        const auto again = listed_connections();
        if (again == all) return all;
        all.insert(again.begin(), again.end());
    }
    FAIL("the table of connections does not come to rest");
    return all;
}

std::string named(std::uint32_t server, const OrderedPool& pool) {
    if (server == Choice::none) return "none";
    return with_port(pool.servers[server].address, pool.servers[server].port);
}

/// A network of its own with one service, and what the kernel is expected to have for it.
class Director {
public:
    Director(const Target& target, std::uint32_t seed) : target_(target), random_(seed) {
        REQUIRE(unshare(CLONE_NEWNET) == 0);
        REQUIRE(std::system(node_of_the_lab) == 0);
        REQUIRE(std::system("ip route add default dev eth0; ip -6 route add default dev eth0") == 0);
        kernel_ = kernel::linux_kernel({.may_load_ipvs = true});
        expected_ = {target.service, target.scheduler, {target.flags}, {}};
        Script make;
        make.create<Service>(target.service, value());
        run(make);
    }

    /// Adds, removes and changes servers, until the pool has that many.
    void history(std::uint32_t size, std::uint32_t more_steps, bool unequal);
    /// Sends a packet of each of so many new clients.
    void probe(int clients);
    /// The same with new servers that are full after so many connections.
    void probe_thresholds(std::uint32_t servers, std::uint32_t limit, int clients);

    int as_computed = 0;  ///< probes with which the kernel did what we say
    int refused = 0;      ///< of all probes
    int led_on = 0;       ///< by the fallback flag

private:
    [[nodiscard]] Service::Value value() const {
        return {.scheduler = target_.scheduler,
                .flags = {target_.flags},
                .netmask = {target_.service.vip.family == Family::ipv4 ? 0xffffffffU : 128U}};
    }
    [[nodiscard]] RealServer::Key key_of(const PoolServer& server) const {
        return {target_.service, server.address, server.port};
    }
    static RealServer::Value row(std::uint32_t weight, std::uint32_t threshold = 0) {
        return {.forward = Forward::masquerade, .weight = weight, .upper_threshold = threshold};
    }
    void run(const Script& script);
    PoolServer drawn(std::uint32_t weight) {
        return {random_.address(target_.service.vip.family), random_.port(), weight, weight};
    }
    void add(Script& script, const PoolServer& server, std::uint32_t threshold = 0);
    void remove(Script& script, std::size_t at);
    void change(Script& script, std::size_t at, std::uint32_t weight);
    void compare_pools();
    void compare(const Choice& choice, const ClientPacket& client, const std::map<Server, Server>& went);
    [[nodiscard]] ClientPacket client();

    Target target_;
    Random random_;
    std::unique_ptr<plan::Kernel> kernel_;
    OrderedPool expected_;
};

void Director::run(const Script& script) {
    const plan::Plan plan = script.plan(must(kernel_->facts({})));
    const auto failures = must(kernel_->apply(plan, 0, plan.steps.size()));
    REQUIRE(failures.empty());
}

void Director::add(Script& script, const PoolServer& server, std::uint32_t threshold) {
    script.create<RealServer>(key_of(server), row(server.weight, threshold));
    expected_.servers.insert(expected_.servers.begin(), server);
}

void Director::remove(Script& script, std::size_t at) {
    script.remove<RealServer>(key_of(expected_.servers[at]), row(expected_.servers[at].weight));
    expected_.servers.erase(expected_.servers.begin() + static_cast<std::ptrdiff_t>(at));
}

void Director::change(Script& script, std::size_t at, std::uint32_t weight) {
    PoolServer& server = expected_.servers[at];
    script.update<RealServer>(key_of(server), row(server.weight), row(weight));
    server.weight = weight;
    if (weight != 0) server.last_weight = weight;
}

/// Each step is a script of its own: a script has one value for each row.
void Director::history(std::uint32_t size, std::uint32_t more_steps, bool unequal) {
    const auto weight = [&] {
        const std::uint32_t kind = random_.below(10);
        if (kind < 3) return 0U;
        if (!unequal) return 100U;
        return kind == 3 ? 1 + random_.below(65535) : 1 + random_.below(12);
    };
    std::vector<PoolServer>& servers = expected_.servers;
    for (std::uint32_t i = 0; i < more_steps || servers.size() != size; ++i) {
        Script step, then;
        const std::size_t at = servers.empty() ? 0 : random_.below(static_cast<std::uint32_t>(servers.size()));
        const std::uint32_t kind = random_.below(4);
        if (servers.size() < size) {
            add(step, drawn(weight()));
        } else if (servers.size() > size || kind == 0) {
            remove(step, at);
        } else if (kind == 1) {  // it comes again, out of the kernel's trash
            PoolServer again = servers[at];
            again.weight = again.last_weight = weight();
            remove(step, at);
            add(then, again);
        } else {
            change(step, at, weight());
        }
        run(step);
        run(then);
    }
    compare_pools();
}

/// What the dump shows is what the history says: the same servers in the same order.
void Director::compare_pools() {
    const Reading reading{.ipvs = true};
    const auto observed = must(kernel::complete(kernel_->observe(reading, must(kernel_->facts({})))));
    const OrderedPool seen = *pool_of(target_.service, *observed, nullptr);
    REQUIRE(seen.servers.size() == expected_.servers.size());
    CHECK(seen.scheduler == expected_.scheduler);
    CHECK(seen.flags == expected_.flags);
    for (std::size_t i = 0; i < seen.servers.size(); ++i) {
        CHECK(seen.servers[i].key() == expected_.servers[i].key());
        CHECK(seen.servers[i].weight == expected_.servers[i].weight);
    }
}

ClientPacket Director::client() {
    ClientPacket client{random_.address(target_.service.vip.family), random_.port(), target_.service.vip};
    if (target_.service.fwmark != 0) client.destination = random_.address(target_.service.vip.family);
    return client;
}

void Director::probe(int clients) {
    const auto table = SlotTable::of(expected_);
    REQUIRE(table.has_value());
    std::vector<ClientPacket> sent;
    for (int i = 0; i < clients; ++i) {
        sent.push_back(client());
        send_one(sent.back(), target_.service.port == 0 ? 53 : target_.service.port, target_);
    }
    const auto went = connections();
    for (const ClientPacket& each : sent) compare(table->choose(each), each, went);
}

void Director::compare(const Choice& choice, const ClientPacket& client, const std::map<Server, Server>& went) {
    const auto at = went.find({client.address, client.port});
    const std::string kernel = at == went.end() ? "none" : with_port(at->second.first, at->second.second);
    const std::string ours = named(choice.server, expected_);
    CHECK_MESSAGE(ours == kernel, with_port(client.address, client.port)
                                      << " to " << to_text(client.destination) << ", slot " << choice.slot << " of "
                                      << named(choice.owner, expected_));
    if (ours == kernel) ++as_computed;
    if (choice.server == Choice::none) ++refused;
    if (choice.server != Choice::none && choice.server != choice.owner) ++led_on;
}

void Director::probe_thresholds(std::uint32_t servers, std::uint32_t limit, int clients) {
    for (std::uint32_t i = 0; i < servers; ++i) {
        Script step;
        add(step, drawn(1), limit);
        run(step);
    }
    std::vector<std::uint32_t> connections_of(servers);
    for (int i = 0; i < clients; ++i) {
        const ClientPacket each = client();
        send_one(each, target_.service.port, target_);
        const Choice choice = SlotTable::of(expected_)->choose(each);
        compare(choice, each, connections());
        if (choice.server == Choice::none) continue;
        expected_.servers[choice.server].overloaded = ++connections_of[choice.server] >= limit;
    }
}

Service::Key service(const char* id) { return *Service::parse_id(id); }

/// Histories and probes for one service of each scheduler and flag; what is proven is printed.
void prove(const char* what, const Target& target, std::uint32_t histories, int clients) {
    int as_computed = 0;
    int refused = 0;
    int led_on = 0;
    std::mt19937 random(target.flags + static_cast<std::uint32_t>(std::strlen(what)));
    for (std::uint32_t i = 0; i < histories; ++i) {
        Director director(target, static_cast<std::uint32_t>(random()));
        const auto size = static_cast<std::uint32_t>(2 + random() % 39);
        for (const bool unequal : {false, true}) {
            director.history(size, 12, unequal);
            director.probe(clients);
        }
        as_computed += director.as_computed;
        refused += director.refused;
        led_on += director.led_on;
    }
    std::cout << what << ": " << 2 * histories << " pools, " << as_computed << " of "
              << 2 * static_cast<int>(histories) * clients << " probes as computed, " << refused << " of them refused, "
              << led_on << " led on to another server\n";
    CHECK(as_computed == 2 * static_cast<int>(histories) * clients);
}

constexpr std::uint32_t fallback = ServiceFlags::scheduler_1;
constexpr std::uint32_t by_port = ServiceFlags::scheduler_2;

}  // namespace

TEST_CASE("mh chooses as computed") {
    const Service::Key udp = service("udp 10.0.0.100:53");
    prove("mh", {udp, "mh"}, 4, 250);
    prove("mh with mh-port", {udp, "mh", by_port}, 2, 250);
    prove("mh with mh-fallback", {udp, "mh", fallback}, 4, 250);
    prove("mh with both", {udp, "mh", fallback | by_port}, 2, 250);
    prove("mh with both, TCP", {service("tcp 10.0.0.100:80"), "mh", fallback | by_port, true}, 2, 250);
    prove("mh with mh-fallback, IPv6", {service("udp [2001:db8::100]:53"), "mh", fallback}, 3, 250);
    prove("mh with both, by mark", {service("fwmark 7 ipv4"), "mh", fallback | by_port}, 2, 250);
}

TEST_CASE("sh chooses as computed") {
    const Service::Key udp = service("udp 10.0.0.100:53");
    prove("sh", {udp, "sh"}, 4, 250);
    prove("sh with sh-port", {udp, "sh", by_port}, 2, 250);
    prove("sh with sh-fallback", {udp, "sh", fallback}, 4, 250);
    prove("sh with both", {udp, "sh", fallback | by_port}, 2, 250);
    prove("sh with both, TCP", {service("tcp 10.0.0.100:80"), "sh", fallback | by_port, true}, 2, 250);
    prove("sh with sh-fallback, IPv6", {service("udp [2001:db8::100]:53"), "sh", fallback}, 3, 250);
}

TEST_CASE("dh chooses as computed") {
    prove("dh", {service("udp 10.0.0.100:53"), "dh"}, 4, 50);
    prove("dh by mark", {service("fwmark 7 ipv4"), "dh", fallback | by_port}, 3, 250);
    prove("dh by mark, IPv6", {service("fwmark 7 ipv6"), "dh"}, 2, 250);
}

TEST_CASE("a server that has reached its upper threshold is not available") {
    for (const char* scheduler : {"mh", "sh"}) {
        Director director({service("udp 10.0.0.100:53"), scheduler, fallback}, 5);
        director.probe_thresholds(10, 5, 60);
        CHECK(director.led_on > 0);
        CHECK(director.refused == 10);
    }
}
