#include "lbconverge/kinds/choice.hpp"

#include "siphash.hpp"
#include "support/ip.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>

namespace lbconverge::kinds {

namespace {

using test::ip;
using test::key;

constexpr std::uint32_t fallback = ServiceFlags::scheduler_1;
constexpr std::uint32_t by_port = ServiceFlags::scheduler_2;

/// 10.0.0.5, .4 and .3, as a kernel has them that was given them in order, with these weights.
OrderedPool three(const ShortName& scheduler, std::uint32_t flags = 0,
                  const std::vector<std::uint32_t>& weights = {1, 1, 1}) {
    OrderedPool pool{key<Service>("tcp 192.0.2.20:80"), scheduler, {flags}, {}};
    std::uint8_t last = 5;
    for (const std::uint32_t weight : weights) {
        pool.servers.push_back({ip("10.0.0." + std::to_string(last--)), 80, weight, weight});
    }
    return pool;
}

/// Equal servers, enough for every scheduler.
OrderedPool many(const ShortName& scheduler, std::uint32_t count, std::uint32_t weight, std::uint32_t flags = 0) {
    OrderedPool pool{key<Service>("tcp 192.0.2.20:80"), scheduler, {flags}, {}};
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::string address = "10.0." + std::to_string(i / 50) + "." + std::to_string(i % 50 + 1);
        pool.servers.push_back({ip(address), 80, weight, weight});
    }
    return pool;
}

SlotTable table_of(OrderedPool pool) {
    auto table = SlotTable::of(std::move(pool));
    REQUIRE(table.has_value());
    return *table;
}

/// "0@2891": the server, and the slot; "-@746": refused.
std::string chosen(const SlotTable& table, const char* client, std::uint16_t port = 0, const char* vip = "192.0.2.20") {
    const Choice choice = table.choose({ip(client), port, ip(vip)});
    return (choice.server == Choice::none ? "-" : std::to_string(choice.server)) + "@" + std::to_string(choice.slot);
}

std::vector<std::uint32_t> slots(const SlotTable& table) {
    std::vector<std::uint32_t> counts;
    for (std::uint32_t i = 0; i < table.pool().servers.size(); ++i) counts.push_back(table.slots_of(i));
    return counts;
}

/// The shares among clients drawn by chance.
MovedShare measured(const SlotTable& before, const SlotTable& after) {
    constexpr int clients = 30000;
    std::mt19937 random(7);
    MovedShare share;
    for (int i = 0; i < clients; ++i) {
        ClientPacket client{.port = static_cast<std::uint16_t>(random()), .destination = before.pool().service.vip};
        const auto address = static_cast<std::uint32_t>(random());
        std::memcpy(client.address.bytes.data(), &address, sizeof address);
        const Choice old = before.choose(client);
        const Choice now = after.choose(client);
        if (old.server == Choice::none) continue;
        if (now.server == Choice::none) {
            share.refused += 1.0 / clients;
        } else if (before.pool().servers[old.server].key() != after.pool().servers[now.server].key()) {
            share.moved += 1.0 / clients;
        }
    }
    return share;
}

void check_moved(const SlotTable& before, const SlotTable& after) {
    const MovedShare computed = SlotTable::moved(before, after);
    const MovedShare seen = measured(before, after);
    CHECK(std::abs(computed.moved - seen.moved) < 0.0075);
    CHECK(std::abs(computed.refused - seen.refused) < 0.0075);
}

}  // namespace

TEST_CASE("SipHash-1-3, as Python hashes bytes with PYTHONHASHSEED=0") {
    CHECK(siphash_1_3(0, 0) == 0xcc2247b79ac48af0);
    CHECK(siphash_1_3(1, 0) == 0x182e2c74c37b7090);
    CHECK(siphash_1_3(0xdeadbeef, 0) == 0x35335b9184fb8253);
    CHECK(siphash_1_3(0xc0a86403, 0) == 0xcc074bd3ef239304);
    CHECK(siphash_1_3(0xc0a86403, 2654435761) == 0x1d8e47b9c3f7e0d0);
}

TEST_CASE("mh chooses by a table of 4,093 slots, of which each server has as many as its weight says") {
    const SlotTable equal = table_of(three("mh"));
    CHECK(equal.size() == 4093);
    CHECK(slots(equal) == std::vector<std::uint32_t>{1365, 1364, 1364});
    CHECK(chosen(equal, "192.0.2.1") == "0@2891");
    CHECK(chosen(equal, "192.0.2.2") == "1@746");
    CHECK(chosen(equal, "192.0.2.3") == "2@998");
    CHECK(chosen(equal, "255.255.255.255") == "1@3432");
    CHECK(chosen(equal, "192.0.2.1", 1234) == "0@2891");  // the port does not count
    // A weight of more than six bits, once divided, is cut to six; what is left of a small one is 1.
    CHECK(slots(table_of(three("mh", 0, {3000, 1000, 7}))) == std::vector<std::uint32_t>{3037, 990, 66});
    CHECK(slots(table_of(three("mh", 0, {20, 20, 40}))) == std::vector<std::uint32_t>{1024, 1023, 2046});
}

TEST_CASE("mh-port adds the port of the client, and an IPv6 address is folded to four octets") {
    const SlotTable table = table_of(three("mh", by_port));
    CHECK(chosen(table, "192.0.2.1", 1234) == "1@3359");
    CHECK(chosen(table, "192.0.2.3", 1234) == "1@71");
    OrderedPool six{key<Service>("tcp [2001:db8::20]:80"), "mh", {}, {}};
    for (const char* each : {"2001:db8::5", "2001:db8::4", "2001:db8::3"}) six.servers.push_back({ip(each), 80, 1, 1});
    const SlotTable folded = table_of(six);
    CHECK(chosen(folded, "2001:db8::1:1") == "1@964");
    CHECK(chosen(folded, "2001:db8:7::9") == "2@2088");
    // Of a server of another family, behind a tunnel, only the first four octets count.
    OrderedPool mixed = three("mh");
    mixed.servers[1].address = ip("2001:db8::4");
    OrderedPool alike = three("mh");
    alike.servers[1].address = ip("32.1.13.184");
    CHECK(chosen(table_of(mixed), "192.0.2.3") == chosen(table_of(alike), "192.0.2.3"));
    CHECK(SlotTable::moved(table_of(mixed), table_of(alike)).moved == doctest::Approx(1.0 / 3).epsilon(0.01));
}

TEST_CASE("a server that was set to weight 0 keeps its slots of mh, and one that was added with 0 has none") {
    OrderedPool pool = three("mh");
    pool.servers[1].weight = 0;
    CHECK(slots(table_of(pool)) == std::vector<std::uint32_t>{1365, 1364, 1364});
    CHECK(chosen(table_of(pool), "192.0.2.2") == "-@746");
    CHECK(chosen(table_of(pool), "192.0.2.1") == "0@2891");
    OrderedPool unequal = three("mh", 0, {3000, 1000, 7});
    unequal.servers[0].weight = 0;
    CHECK(slots(table_of(unequal)) == std::vector<std::uint32_t>{3037, 990, 66});
    pool.flags.bits = fallback;
    CHECK(chosen(table_of(pool), "192.0.2.2") == "0@746");
    CHECK(chosen(table_of(pool), "255.255.255.255") == "2@3432");
    CHECK(table_of(pool).choose({ip("192.0.2.2"), 0, {}}).owner == 1);
    pool.servers[1].last_weight = 0;
    CHECK(slots(table_of(pool))[1] == 0);
    pool.servers[0].weight = pool.servers[2].weight = 0;
    CHECK(chosen(table_of(pool), "192.0.2.1").starts_with("-@"));  // after a search through the whole table
    pool.servers[0].last_weight = pool.servers[2].last_weight = 0;
    CHECK(chosen(table_of(pool), "192.0.2.1").starts_with("-@"));
}

TEST_CASE("sh deals its 256 slots out in the order of the list, as many in a row as the weight says") {
    const SlotTable table = table_of(three("sh", 0, {2, 1, 0}));
    CHECK(table.size() == 256);
    CHECK(slots(table) == std::vector<std::uint32_t>{128, 64, 64});
    CHECK(chosen(table, "0.0.0.0") == "0@0");
    CHECK(chosen(table, "192.0.2.1") == "1@50");
    CHECK(chosen(table, "203.0.113.77") == "0@57");
    CHECK(chosen(table, "192.0.2.1", 1234) == "1@50");
    CHECK(chosen(table, "192.0.2.2") == "0@148");
    CHECK(chosen(table, "192.0.2.3") == "1@246");
    CHECK(chosen(table_of(three("sh", by_port, {2, 1, 0})), "192.0.2.1", 1234) == "-@139");
    CHECK(slots(table_of(three("sh", 0, {255, 255, 255}))) == std::vector<std::uint32_t>{255, 1, 0});
}

TEST_CASE("sh-fallback goes on from twice the slot") {
    // 88 is the first server's slot, 176 and 177 too; 178 is the next one's.
    OrderedPool pool = three("sh", fallback | by_port, {2, 1, 1});
    pool.servers[0].overloaded = true;
    CHECK(table_of(pool).choose({ip("0.0.0.0"), 1234, {}}).owner == 0);
    CHECK(chosen(table_of(pool), "0.0.0.0", 1234) == "1@88");
    pool.servers[1].overloaded = true;
    CHECK(chosen(table_of(pool), "0.0.0.0", 1234) == "2@88");
}

TEST_CASE("dh looks at the destination alone, and at no weight but 0") {
    const SlotTable table = table_of(three("dh", fallback | by_port, {5, 1, 0}));
    CHECK(slots(table) == std::vector<std::uint32_t>{86, 85, 85});
    CHECK(chosen(table, "10.1.1.1", 1, "192.0.2.1") == "-@50");
    CHECK(chosen(table, "10.1.1.2", 2, "192.0.2.2") == "1@148");
    CHECK(chosen(table, "10.1.1.2", 2, "192.0.2.3") == "0@246");
}

TEST_CASE("other schedulers have no table, nor has mh with more servers than slots") {
    for (const char* each : {"wlc", "rr", "lblc", "lblcr", "fo"}) CHECK_FALSE(SlotTable::of(three(each)).has_value());
    CHECK_FALSE(SlotTable::of(many("mh", 252, 1), {.mh_index = 8}).has_value());
    CHECK(SlotTable::of(many("mh", 251, 1), {.mh_index = 8})->size() == 251);
    CHECK(SlotTable::of(three("mh"), {.mh_index = 17})->size() == 131071);
    CHECK_FALSE(SlotTable::of(three("mh"), {.mh_index = 18}).has_value());
    CHECK_FALSE(SlotTable::of(three("mh"), {.mh_index = 7}).has_value());
    CHECK(SlotTable::of(three("sh"), {.sh_bits = 12})->size() == 4096);
    CHECK(chosen(table_of(three("mh", 0, {})), "192.0.2.1") == "-@2891");
    CHECK(chosen(table_of(three("sh", fallback, {})), "192.0.2.1") == "-@50");
    CHECK(chosen(table_of(three("dh", 0, {})), "192.0.2.1", 0, "192.0.2.1") == "-@50");
}

TEST_CASE("equal fingerprints mean equal choices") {
    const auto print = [](OrderedPool pool) { return table_of(std::move(pool)).fingerprint(); };
    for (const char* scheduler : {"mh", "sh", "dh"}) {
        const OrderedPool pool = three(scheduler);
        CHECK(print(pool) == print(three(scheduler)));
        OrderedPool other_order = pool;
        std::swap(other_order.servers[0], other_order.servers[1]);
        CHECK(print(pool) != print(other_order));
        OrderedPool out_of_use = pool;
        out_of_use.servers[1].weight = 0;
        CHECK(print(pool) != print(out_of_use));
        OrderedPool other_port = pool;
        other_port.servers[1].port = 81;
        CHECK(print(pool) != print(other_port));
        CHECK((print(pool) == print(three(scheduler, fallback))) == (pool.scheduler == "dh"));
        CHECK((print(pool) == print(three(scheduler, by_port))) == (pool.scheduler == "dh"));
    }
    CHECK(print(three("mh")) == print(three("mh", 0, {7, 7, 7})));
    CHECK(print(three("sh")) != print(three("sh", 0, {7, 7, 7})));
    CHECK(print(three("sh")) != print(three("dh")));
    CHECK(print(three("mh")) == 0x081e99997485c008);  // a stable number: directors of different versions are compared
}

TEST_CASE("the share of the clients that a change moves, as it was measured before there was this code") {
    OrderedPool equal = many("mh", 100, 100);
    OrderedPool changed = equal;
    changed.servers[7].weight = changed.servers[7].last_weight = 99;
    CHECK(SlotTable::moved(table_of(equal), table_of(changed)).moved == doctest::Approx(0.547764));
    for (const auto& [count, share] : {std::pair{4U, 0.002443}, {10U, 0.007330}, {32U, 0.018324}, {100U, 0.055216}}) {
        OrderedPool reversed = many("mh", count, 1);
        std::reverse(reversed.servers.begin(), reversed.servers.end());
        CHECK(SlotTable::moved(table_of(many("mh", count, 1)), table_of(reversed)).moved ==
              doctest::Approx(share).epsilon(0.001));
    }
    CHECK(SlotTable::moved(table_of(equal), table_of(equal)).moved == 0);
}

TEST_CASE("the computed share is that of clients drawn by chance, with fallback and without") {
    for (const char* scheduler : {"mh", "sh"}) {
        for (const std::uint32_t flags : {0U, fallback, by_port, fallback | by_port}) {
            const OrderedPool ten = many(scheduler, 10, 3, flags);
            OrderedPool one_out = ten;
            one_out.servers[4].weight = 0;
            OrderedPool other_out = ten;
            other_out.servers[5].weight = 0;
            other_out.servers[4].last_weight = other_out.servers[4].weight = 2;
            OrderedPool both_out = one_out;
            both_out.servers[5].weight = 0;
            OrderedPool removed = ten;
            removed.servers.erase(removed.servers.begin() + 4);
            for (const OrderedPool& before : {ten, one_out}) {
                for (const OrderedPool& after : {ten, one_out, other_out, both_out, removed}) {
                    check_moved(table_of(before), table_of(after));
                }
            }
            check_moved(table_of(one_out), table_of(many(scheduler, 10, 3, flags ^ by_port)));
            check_moved(table_of(ten), table_of(many("mh", 7, 1, fallback)));
            check_moved(table_of(many("sh", 7, 1)), table_of(both_out));
            check_moved(table_of(ten), table_of(many(scheduler, 0, 1, flags)));
            check_moved(table_of(many(scheduler, 0, 1, flags)), table_of(ten));
        }
    }
}

TEST_CASE("with dh a change moves all clients of a VIP or nobody, and by a mark those of some destinations") {
    const SlotTable before = table_of(three("dh"));
    const std::uint32_t server = before.choose({{}, 0, ip("192.0.2.20")}).server;
    for (std::uint32_t gone = 0; gone < 3; ++gone) {
        OrderedPool pool = three("dh");
        pool.servers[gone].weight = 0;
        CHECK(SlotTable::moved(before, table_of(pool)).refused == (gone == server ? 1 : 0));
        pool.service = key<Service>("fwmark 7 ipv4");
        OrderedPool marked = three("dh");
        marked.service = pool.service;
        CHECK(SlotTable::moved(table_of(marked), table_of(pool)).refused == doctest::Approx(1.0 / 3).epsilon(0.01));
    }
    CHECK(SlotTable::moved(before, table_of(many("mh", 7, 1))).moved == doctest::Approx(6.0 / 7).epsilon(0.01));
}

TEST_CASE("the pool of the file has the order in which a kernel has it that was given it at once") {
    const std::string file = R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        scheduler = "mh"
        scheduler_flags = ["mh-fallback"]
        real_servers = ["10.0.0.3", { address = "10.0.0.10", weight = 4 }, "10.0.0.4"]
        fallback = "10.0.0.9"
    )";
    const test::World world = test::world(file);
    const config::Service& service = world.config.services.front();
    const OrderedPool pool = pool_of(service);
    CHECK(pool == OrderedPool{key<Service>("tcp 192.0.2.20:80"),
                              "mh",
                              {fallback},
                              {{ip("10.0.0.10"), 80, 4, 4}, {ip("10.0.0.4"), 80, 1, 1}, {ip("10.0.0.3"), 80, 1, 1}}});
}

TEST_CASE("the pool of the kernel has the order of its list, and the weight of the file where the kernel's is 0") {
    Observed observed;
    const Service::Key service = key<Service>("tcp 192.0.2.20:80");
    CHECK_FALSE(pool_of(service, observed, nullptr).has_value());
    observed.get<Service>().add(service, {.scheduler = "mh", .flags = {fallback | ServiceFlags::one_packet}});
    observed.get<Service>().add(key<Service>("tcp 192.0.2.20:81"), {.scheduler = "mh"});
    const auto add = [&](const std::string& server, std::uint32_t weight, std::uint32_t position) {
        observed.get<RealServer>().add(key<RealServer>("tcp 192.0.2.20:" + server), {.weight = weight},
                                       {.position = position});
    };
    add("80 10.0.0.3:80", 2, 1);
    add("80 10.0.0.4:80", 0, 0);
    add("80 10.0.0.5:80", 0, 2);
    add("81 10.0.0.3:80", 1, 0);
    observed.get<Service>().finish();
    observed.get<RealServer>().finish();
    config::Service file;
    file.real_servers = {{.address = ip("10.0.0.4"), .port = 80, .weight = 7}};
    file.fallback = {.address = ip("10.0.0.5"), .port = 80, .weight = 9};
    CHECK(*pool_of(service, observed, &file) ==
          OrderedPool{service,
                      "mh",
                      {fallback},
                      {{ip("10.0.0.4"), 80, 0, 7}, {ip("10.0.0.3"), 80, 2, 2}, {ip("10.0.0.5"), 80, 0, 9}}});
    CHECK(pool_of(service, observed, nullptr)->servers.front().last_weight == 0);
    CHECK(pool_of(key<Service>("tcp 192.0.2.20:81"), observed, &file)->servers.size() == 1);
}

TEST_CASE("rows without a position, as in an old snapshot, are in the order of a fresh kernel") {
    Observed observed;
    const Service::Key service = key<Service>("tcp 192.0.2.20:80");
    observed.get<Service>().put(service, {.scheduler = "sh"});
    for (const char* each : {"10.0.0.3:80", "10.0.0.4:80", "10.0.0.4:81"}) {
        observed.get<RealServer>().put(key<RealServer>("tcp 192.0.2.20:80 " + std::string(each)), {});
    }
    const OrderedPool pool = *pool_of(service, observed, nullptr);
    CHECK(pool.servers[0].key() == std::pair{ip("10.0.0.4"), std::uint16_t{81}});
    CHECK(pool.servers[2].key() == std::pair{ip("10.0.0.3"), std::uint16_t{80}});
}

}  // namespace lbconverge::kinds
