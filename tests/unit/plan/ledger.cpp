#include "lbconverge/plan/ledger.hpp"

#include "planning.hpp"

#include <doctest/doctest.h>

namespace lbconverge::plan {

namespace {

using kinds::Address;
using kinds::Claim;
using kinds::ClaimOrigin;
using kinds::Ledger;
using kinds::RealServer;
using kinds::Service;
using kinds::Sysctl;
using kinds::Timeouts;
using test::key;

/// What text makes of a ledger and back.
std::string again(const std::string& text) { return to_text(parse_ledger(text).ledger); }

std::string again(const Ledger& ledger) { return again(to_text(ledger)); }

std::string damaged(const std::string& text) { return parse_ledger(text).damaged.text(); }

}  // namespace

TEST_CASE("a ledger is a line per claim, and is read back as it was") {
    const std::string text =
        "sysctl\tnet.ipv4.conf.eth0/100.arp_ignore\t1f\t0\n"
        "sysctl\tnet.ipv4.vs.sync_threshold\t0\t3 50\n"
        "address\t192.0.2.20/32 lo\tffffffffffffffff\n"
        "address\t2001:db8::20/128 eth0\t2\n"
        "service\ttcp 192.0.2.20:80\t3\n"
        "service\tfwmark 7 ipv6\t4\n"
        "timeouts\ttcp_fin\t5\t120\n"
        "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t1700000000\n";
    CHECK(again(text) == text);
    CHECK(again("") == "");
}

TEST_CASE("a claim says how its row came about, and keeps what a newer version has added") {
    const std::string text =
        "sysctl\tnet.ipv4.ip_forward\t1f\t0\tmore\n"
        "address\t192.0.2.20/32 lo\t1\tmade\n"
        "address\t192.0.2.21/32 lo\t1\tadopted\tmore\tand more\n"
        "service\ttcp 192.0.2.20:80\t3\tmade\n"
        "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t17\t2000\n";
    CHECK(again(text) == text);
    const Ledger ledger = parse_ledger(text).ledger;
    CHECK(ledger.claim<Address>(key<Address>("192.0.2.20/32 lo"))->origin == ClaimOrigin::made);
    CHECK(ledger.claim<Address>(key<Address>("192.0.2.21/32 lo"))->origin == ClaimOrigin::adopted);
    CHECK(ledger.drains[0].timeout == std::chrono::milliseconds(2000));
    CHECK(again("service\ttcp 192.0.2.20:80\t3\twlc\n") == "service\ttcp 192.0.2.20:80\t3\twlc\n");
    CHECK(parse_ledger("service\ttcp 192.0.2.20:80\t3\twlc\n").ledger.get<Service>()[0].origin == ClaimOrigin::unknown);
}

TEST_CASE("a line that cannot be read costs what it said, and no more") {
    const std::string good = "service\ttcp 192.0.2.20:80\t3\tmade\n";
    const std::string long_line = "bridge\t" + std::string(1'000'000, 'x');
    for (const std::string& line :
         std::initializer_list<std::string>{"",
                                            "nonsense",
                                            "service",
                                            "service\ttcp 192.0.2.20:80",
                                            "service\ttcp 192.0.2.20\t3",
                                            "service\ttcp 192.0.2.20:80\tx",
                                            "service\ttcp 192.0.2.20:80\t",
                                            "drain\tx\t1",
                                            "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t-1",
                                            "drain\ttcp 192.0.2.20:80 192.0.2.3:80",
                                            "real_server\ttcp 192.0.2.20:80 192.0.2.3:80\t1",
                                            "timeouts\ttcp\t5\tx",
                                            "service\ttcp 192.0.2.20:80\t10000000000000000",
                                            "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t18446744073709551615",
                                            "file-vip\tweb",
                                            "file-limits\t1",
                                            "file-service\ttcp 192.0.2.20:81",
                                            std::string("bridge\tbr\0", 10),
                                            "\xff\xfe\tinterface",
                                            "bridge\t\x01",
                                            long_line}) {
        const std::string text = good + line + "\n" + "address\t192.0.2.20/32 lo\t1\tmade\n";
        CHECK_MESSAGE(damaged(text) == "line 2 cannot be read", line.substr(0, 80));
        CHECK_MESSAGE(again(text) == "address\t192.0.2.20/32 lo\t1\tmade\n" + good, line.substr(0, 80));
    }
    CHECK(damaged("x\n\ny\n") == "3 lines cannot be read, the first is line 1");
}

TEST_CASE("what a newer version has written is kept as it is, in the file where it stood, and within bounds") {
    const std::string line = "bridge\tbr0\t7\tof a newer \xfc version\n";
    CHECK(again(line) == line);
    CHECK(damaged(line).empty());
    const Ledger network = parse_ledger(line, kinds::Part::network).ledger;
    CHECK(to_text(network, kinds::Part::network) == line);
    CHECK(to_text(network, kinds::Part::tables).empty());
    CHECK(to_text(united(network, {})) == line);
    CHECK(to_text(united({}, network)) == line);
    CHECK(to_text(united(network, network)) == line);
    CHECK(to_text(claims_on({}, {}, network)) == line);
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "bridge\tbr" + std::to_string(i) + "\n";
    CHECK(parse_ledger(many).ledger.unknown.size() == 1000);
    CHECK(damaged(many) == "1000 lines cannot be read, the first is line 1001");
}

TEST_CASE("the ledger remembers what the file said") {
    const auto node = test::world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        drain_timeout = "2s"
        real_servers = ["192.0.2.3", { address = "192.0.2.4", port = 8080, weight = 7, forward = "masquerade" }]
        [[service]]
        fwmark = 7
        [limits]
        max_weight_loss = 20
    )"_text);
    Ledger ledger;
    ledger.file = kinds::file_memory_of(node.config);
    CHECK(to_text(ledger) ==
          "file-vip\t192.0.2.20\t\nfile-limits\t-\t20\tshared\n"
          "file-service\tfwmark 7 ipv4\t60000\n"
          "file-service\ttcp 192.0.2.20:80\t2000\t192.0.2.3:80=1\t192.0.2.4:8080=7\n");
    CHECK(again(ledger) == to_text(ledger));
    CHECK(to_text(ledger, kinds::Part::network) == "file-vip\t192.0.2.20\t\n");
    const Ledger both = united(parse_ledger(to_text(ledger, kinds::Part::network)).ledger,
                               parse_ledger(to_text(ledger, kinds::Part::tables)).ledger);
    CHECK(to_text(both) == to_text(ledger));
    CHECK(to_text(
              parse_outline("address\t192.0.2.20/32 lo\t1\nservice\ttcp 192.0.2.20:80\t3\tmade\n" + to_text(ledger))) ==
          "service\ttcp 192.0.2.20:80\t3\tmade\nfile-limits\t-\t20\tshared\n"
          "file-service\tfwmark 7 ipv4\t60000\nfile-service\ttcp 192.0.2.20:80\t2000\n");
}

TEST_CASE("a row that is there is adopted, one that is not is made, and that stays so") {
    test::Node node(test::world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20", "192.0.2.21", "192.0.2.22"]
    )"_text));
    const auto origin = [&](const char* id) { return node.plan().ledger.claim<Address>(key<Address>(id))->origin; };
    node.put<Address>("192.0.2.20/32 eth0");
    node.put<Address>("192.0.2.22/32 eth0", {}, {.protocol = Address::protocol_tag});
    for (int round = 0; round < 2; ++round) {
        CHECK(origin("192.0.2.20/32 eth0") == ClaimOrigin::adopted);
        CHECK(origin("192.0.2.21/32 eth0") == ClaimOrigin::made);
        CHECK(origin("192.0.2.22/32 eth0") == ClaimOrigin::made);  // its mark says so
        node.converge();
    }
    node.erase<Address>("192.0.2.20/32 eth0");
    CHECK(origin("192.0.2.20/32 eth0") == ClaimOrigin::made);
    CHECK(before_deeds(node.ledger, node.plan().ledger).claim<Address>(key<Address>("192.0.2.20/32 eth0"))->origin ==
          ClaimOrigin::made);
}

TEST_CASE("a setting that was empty is put back to empty") {
    Ledger ledger;
    ledger.get<Sysctl>().push_back({Sysctl::Key("net/ipv4/ip_local_reserved_ports"), 1, Sysctl::Value{""}});
    const Ledger read = parse_ledger(to_text(ledger)).ledger;
    REQUIRE(read.get<Sysctl>().size() == 1);
    CHECK(read.get<Sysctl>()[0].before == Sysctl::Value{""});
    CHECK(again(ledger) == to_text(ledger));
}

TEST_CASE("one row has one claim: the first one counts") {
    CHECK(again("service\ttcp 192.0.2.20:80\t3\nservice\ttcp 192.0.2.20:80\t4\n") == "service\ttcp 192.0.2.20:80\t3\n");
}

TEST_CASE("claims are sorted, whatever the order of the lines") {
    CHECK(again("service\ttcp 192.0.2.21:80\t1\nservice\ttcp 192.0.2.20:80\t2\nsysctl\tnet.ipv4.x\t3\t0\n") ==
          "sysctl\tnet.ipv4.x\t3\t0\nservice\ttcp 192.0.2.20:80\t2\nservice\ttcp 192.0.2.21:80\t1\n");
    CHECK(again("drain\ttcp 192.0.2.20:80 192.0.2.4:80\t1\ndrain\ttcp 192.0.2.20:80 192.0.2.3:80\t2\n") ==
          "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t2\ndrain\ttcp 192.0.2.20:80 192.0.2.4:80\t1\n");
}

TEST_CASE("the newer of two claims on one row counts, and no drain begins again") {
    Ledger older;
    older.get<Service>() = {{key<Service>("tcp 192.0.2.20:80"), 1}, {key<Service>("tcp 192.0.2.21:80"), 2}};
    older.drains = {{key<RealServer>("tcp 192.0.2.20:80 192.0.2.3:80"), {}}};
    Ledger newer;
    newer.get<Service>() = {{key<Service>("tcp 192.0.2.20:80"), 3}};
    CHECK(to_text(united(older, newer)) ==
          "service\ttcp 192.0.2.20:80\t3\nservice\ttcp 192.0.2.21:80\t2\n"
          "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t0\n");
}

TEST_CASE("before deeds everything is claimed, but nothing new is known as converged") {
    Ledger ledger;
    ledger.get<Service>() = {{key<Service>("tcp 192.0.2.20:80"), 1}};
    Ledger planned;
    planned.get<Sysctl>() = {{Sysctl::Key("net/ipv4/ip_forward"), 9, Sysctl::Value{"0"}}};
    planned.get<Service>() = {{key<Service>("tcp 192.0.2.20:80"), 3}, {key<Service>("tcp 192.0.2.21:80"), 4}};
    CHECK(to_text(before_deeds(ledger, planned)) ==
          "sysctl\tnet.ipv4.ip_forward\t9\t0\n"  // a setting must be known again, to be given back
          "service\ttcp 192.0.2.20:80\t1\nservice\ttcp 192.0.2.21:80\t0\n");
}

TEST_CASE("the value to put back is the first one, not the one of the last run") {
    test::Node node(test::world(R"(
        role = "director"
        [sysctl]
        "net.ipv4.ip_forward" = 1
    )"_text));
    node.put<Sysctl>("net.ipv4.ip_forward", {"0"});
    node.converge();
    const Ledger second = claims_on(node.world.desired(), node.observed, node.ledger);
    REQUIRE(second.get<Sysctl>().size() == 1);
    CHECK(second.get<Sysctl>()[0].before == Sysctl::Value{"0"});
}

TEST_CASE("a service's fingerprint covers its servers, an address's is its own") {
    const auto prints = [](const std::string& servers) {
        const auto node = test::world(R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.20"]
            [[service]]
            vip = "192.0.2.20"
            port = 80
            real_servers = [$]
        )"_with(servers));
        const Ledger ledger = claims_on(node.desired(), {}, {});
        return std::pair(ledger.get<Service>()[0].fingerprint, ledger.get<Address>()[0].fingerprint);
    };
    const auto one = prints(R"("192.0.2.3")");
    const auto two = prints(R"("192.0.2.3", "192.0.2.4")");
    const auto heavier = prints(R"({ address = "192.0.2.3", weight = 2 })");
    CHECK(one.first != two.first);
    CHECK(one.first != heavier.first);
    CHECK(one.second == two.second);
    CHECK(one == prints(R"("192.0.2.3")"));
}

}  // namespace lbconverge::plan
