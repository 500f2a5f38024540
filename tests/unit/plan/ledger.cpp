#include "lbconverge/plan/ledger.hpp"

#include "planning.hpp"

#include <doctest/doctest.h>

namespace lbconverge::plan {

namespace {

using kinds::Address;
using kinds::Claim;
using kinds::Ledger;
using kinds::RealServer;
using kinds::Service;
using kinds::Sysctl;
using kinds::Timeouts;
using test::key;

/// What text makes of a ledger and back.
std::string again(const std::string& text) {
    const Result<Ledger> ledger = parse_ledger(text);
    return ledger ? to_text(*ledger) : "error: " + ledger.error().what;
}

std::string again(const Ledger& ledger) { return again(to_text(ledger)); }

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

TEST_CASE("a ledger that cannot be read says in which line") {
    const auto error = [](const std::string& text) { return again("service\ttcp 192.0.2.20:80\t3\n" + text); };
    for (const char* line : {"", "nonsense", "service", "service\ttcp 192.0.2.20:80", "service\ttcp 192.0.2.20\t3",
                             "service\ttcp 192.0.2.20:80\tx", "service\ttcp 192.0.2.20:80\t", "drain\tx\t1",
                             "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t-1", "drain\ttcp 192.0.2.20:80 192.0.2.3:80",
                             "real_server\ttcp 192.0.2.20:80 192.0.2.3:80\t1", "timeouts\ttcp\t5\tx",
                             "service\ttcp 192.0.2.20:80\t10000000000000000",
                             "drain\ttcp 192.0.2.20:80 192.0.2.3:80\t18446744073709551615"}) {
        CHECK_MESSAGE(error(std::string(line) + "\n") == "error: line 2 cannot be read", std::string(line));
    }
}

TEST_CASE("a setting that was empty is put back to empty") {
    Ledger ledger;
    ledger.get<Sysctl>().push_back({Sysctl::Key("net/ipv4/ip_local_reserved_ports"), 1, Sysctl::Value{""}});
    const Result<Ledger> read = parse_ledger(to_text(ledger));
    REQUIRE(read.has_value());
    REQUIRE(read->get<Sysctl>().size() == 1);
    CHECK(read->get<Sysctl>()[0].before == Sysctl::Value{""});
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
