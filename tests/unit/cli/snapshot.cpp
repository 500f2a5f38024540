#include "show.hpp"

#include "lbconverge/config/lint.hpp"
#include "lbconverge/plan/ledger.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

namespace lbconverge::cli {

namespace {

using kinds::Address;
using kinds::ArpFilter;
using kinds::Ledger;
using kinds::Mark;
using kinds::Observed;
using kinds::RealServer;
using kinds::Redirect;
using kinds::Route;
using kinds::Service;
using kinds::ServiceFlags;
using kinds::SyncDaemon;
using kinds::Sysctl;
using kinds::Timeouts;
using test::key;
using test::rows_text;

/// A bit of everything.
Observed full() {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.facts.all_arp_ignore = 2;
    observed.get<Sysctl>().put(key<Sysctl>("net.ipv4.conf.eth0/100.rp_filter"), {"1"});
    observed.get<Sysctl>().put(key<Sysctl>("net.ipv4.ip_local_reserved_ports"), {""});
    observed.get<Address>().put(key<Address>("192.0.2.1/24 eth0"), {.broadcast = IpAddress::parse("192.0.2.255")});
    observed.get<Address>().put(key<Address>("192.0.2.20/32 eth0"), {.label = "eth0:vip"},
                                {.protocol = 0x4c, .flags = 128});
    observed.get<Address>().put(key<Address>("2001:db8::20/128 eth0"), {.deprecated = true});
    observed.get<Service>().put(key<Service>("tcp 192.0.2.20:80"),
                                {.scheduler = "mh",
                                 .flags = {ServiceFlags::persistent | ServiceFlags::scheduler_1},
                                 .persistence = 300,
                                 .netmask = {0xffffff00},
                                 .engine = ""});
    observed.get<Service>().put(key<Service>("udp [2001:db8::20]:53"),
                                {.scheduler = "rr", .flags = {ServiceFlags::one_packet}, .netmask = {128}});
    observed.get<Service>().put(key<Service>("fwmark 7 ipv4"), {.scheduler = "wlc"});
    observed.get<RealServer>().put(key<RealServer>("tcp 192.0.2.20:80 192.0.2.3:80"),
                                   {.weight = 3, .upper_threshold = 100, .lower_threshold = 50},
                                   {.active = 7, .inactive = 8});
    observed.get<RealServer>().put(key<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80"),
                                   {.forward = Forward::tunnel, .tunnel_type = TunnelType::gue, .tunnel_port = 6080});
    observed.get<RealServer>().put(key<RealServer>("tcp 192.0.2.20:80 192.0.2.5:8080"),
                                   {.forward = Forward::masquerade});
    observed.get<RealServer>().put(key<RealServer>("udp [2001:db8::20]:53 [2001:db8::3]:53"), {.weight = 0});
    observed.get<RealServer>().put(key<RealServer>("fwmark 7 ipv4 192.0.2.6:0"), {});
    observed.get<Timeouts>().put(key<Timeouts>("tcp"), {900});
    observed.facts.interfaces[1].address = IpAddress::parse("192.0.2.1");
    observed.get<Route>().put(key<Route>("default table 7"),
                              {.via = IpAddress::parse("192.0.2.254"), .source = IpAddress::parse("192.0.2.1")},
                              {.protocol = Route::protocol_tag});
    observed.get<Route>().put(key<Route>("2001:db8:1::/48"), {.interface = "eth0"}, {.protocol = Route::protocol_tag});
    observed.get<Route>().put(key<Route>("default"), {.via = IpAddress::parse("192.0.2.254")}, {.protocol = 3});
    observed.get<SyncDaemon>().put(key<SyncDaemon>("master"), {"eth0", 7, *IpAddress::parse("224.0.0.81"), 8848, 1});
    return observed;
}

std::string text_of(const Observed& observed) {
    std::string text;
    kinds::for_each_kind([&]<class Kind>() { text += rows_text(observed.get<Kind>()); });
    return text;
}

std::string error_of(const std::string& text) {
    const auto snapshot = parse_snapshot("s.json", text);
    if (snapshot) return "accepted";
    CHECK(snapshot.error().kind == ErrorKind::invalid_input);
    return snapshot.error().what;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    REQUIRE(text.find(from) != std::string::npos);
    return text.replace(text.find(from), from.size(), to);
}

/// What show prints is read as a file; the director's rows of it.
kinds::Desired desired_by(const Observed& observed) {
    test::World world = test::world(toml_of(observed));
    world.facts = observed.facts;
    config::Diagnostics problems;
    config::lint({world.config}, problems);
    CHECK_FALSE(problems.has_errors());
    return world.desired();
}

}  // namespace

TEST_CASE("a snapshot is read back as it was, with facts and ledger") {
    const Observed observed = full();
    const auto read = plan::parse_ledger("service\ttcp 192.0.2.20:80\t3\nsysctl\tnet.ipv4.ip_forward\t0\t\n");
    const BootTime taken(std::chrono::seconds(12345));
    const std::string text = snapshot_of(observed, read.ledger, "lb1", taken);
    const auto again = parse_snapshot("s.json", text);
    REQUIRE_MESSAGE(again.has_value(), again.error().what);
    CHECK(text_of(*again->observed) == text_of(observed));
    CHECK(plan::to_text(again->ledger) == plan::to_text(read.ledger));
    CHECK(again->taken == taken);
    CHECK(snapshot_of(*again->observed, again->ledger, "lb1", taken) == text);
    REQUIRE(again->observed->facts.interfaces.size() == 4);
    CHECK(again->observed->facts.interfaces[1].speaks_arp);
    CHECK(again->observed->facts.interfaces[1].ipv4_devconf.size() == 33);
    CHECK(again->observed->facts.all_arp_ignore == 2);
    CHECK(again->observed->facts.interfaces[1].address == IpAddress::parse("192.0.2.1"));
}

TEST_CASE("what is no snapshot is refused with a reason") {
    const std::string good = snapshot_of(full(), {}, "lb1");
    CHECK(error_of("").starts_with("s.json:1:1: not a snapshot: syntax error"));
    CHECK(error_of("{\n  \"a\": 1,\n  \"b\": x }").starts_with("s.json:3:8: not a snapshot: syntax error"));
    CHECK(error_of(std::string(300, '[')) == "s.json: not a snapshot: it is nested too deeply");
    CHECK(error_of("[]") == "s.json: not a snapshot: cannot use at() with array");
    CHECK(error_of("{}") == "s.json: not a snapshot: key 'format_version' not found");
    CHECK(error_of(replaced(good, R"("rows")", R"("rose")")) == "s.json: not a snapshot: key 'rows' not found");
    CHECK(error_of(replaced(good, R"("index": 1,)", "")) == "s.json: not a snapshot: facts: key 'index' not found");
    CHECK(error_of(replaced(good, R"("id": "tcp 192.0.2.20:80")", R"("id": 7)")) ==
          "s.json: not a snapshot: rows of service: type must be string, but is number");
    CHECK(error_of(replaced(good, R"("format_version": 1)", R"("format_version": 2)")) ==
          "s.json: not a snapshot: its format_version is not 1");
    CHECK(error_of(replaced(good, "fwmark 7 ipv4", "fwmark 0 ipv4")) ==
          "s.json: not a snapshot: a row of kind service cannot be read");
    CHECK(error_of(replaced(good, R"("weight": 3)", R"("weight": -3)")).find("real_server") != std::string::npos);
    CHECK(error_of(replaced(good, R"("weight": 3)", R"("weight": 4294967296)")).find("real_server") !=
          std::string::npos);
    CHECK(error_of(replaced(good, R"("weight": 3,)", "")).find("real_server") != std::string::npos);
    CHECK(error_of(replaced(good, R"("forward": "tunnel")", R"("forward": "tunel")")).find("real_server") !=
          std::string::npos);
    CHECK(error_of(replaced(good, R"("ledger": "")", R"("ledger": "x")")) ==
          "s.json: not a snapshot: ledger: line 1 cannot be read");
    CHECK(error_of(replaced(good, R"("up": true)", R"("up": 1)")) != "accepted");
}

TEST_CASE("a snapshot of a version that did not know a kind yet says nothing of its rows") {
    const std::string good = snapshot_of(full(), {}, "lb1");
    const auto older = parse_snapshot("s.json", replaced(good, R"("timeouts")", R"("something_else")"));
    REQUIRE(older.has_value());
    CHECK(older->observed->get<Timeouts>().empty());
    CHECK(rows_text(older->observed->get<Service>()) == rows_text(full().get<Service>()));
}

TEST_CASE("a real server behind an ARP filter is shown as one") {
    Observed observed;
    observed.facts = test::plain_facts();
    const auto source = IpAddress::parse("192.0.2.3");
    observed.get<Address>().put(key<Address>("192.0.2.20/32 eth0"), {}, {.protocol = Address::protocol_tag});
    observed.get<ArpFilter>().put(key<ArpFilter>("192.0.2.20"), {.source = source});
    const kinds::Desired desired = desired_by(observed);
    CHECK(rows_text(desired.get<ArpFilter>().rows) == "192.0.2.20 source=192.0.2.3\n");
    CHECK(rows_text(desired.get<Address>().rows) == "192.0.2.20/32 eth0\n");
}

TEST_CASE("a real server without the VIP is shown as one that redirects") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.get<Address>().put(key<Address>("127.0.0.1/8 lo"), {.scope = Scope::host});
    observed.get<Address>().put(key<Address>("192.0.2.3/24 eth0"), {});
    observed.get<Redirect>().put(key<Redirect>("tcp 192.0.2.20:80"), {.to = 8080});
    observed.get<Redirect>().put(key<Redirect>("udp 192.0.2.20:53"), {.to = 53});
    const kinds::Desired desired = desired_by(observed);
    CHECK(rows_text(desired.get<Redirect>().rows) == rows_text(observed.get<Redirect>()));
    CHECK(desired.get<Address>().rows.empty());
}

TEST_CASE("a service by mark is shown with what gets the mark") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.get<Service>().put(key<Service>("fwmark 7 ipv4"), {.scheduler = "rr"});
    observed.get<Service>().put(key<Service>("fwmark 7 ipv6"), {.scheduler = "rr", .netmask = {128}});
    observed.get<Mark>().put(key<Mark>("tcp 192.0.2.20:80"), {.fwmark = 7});
    observed.get<Mark>().put(key<Mark>("udp 192.0.2.20:53"), {.fwmark = 7});
    const kinds::Desired desired = desired_by(observed);
    CHECK(rows_text(desired.get<Mark>().rows) == rows_text(observed.get<Mark>()));
    CHECK(desired.get<Service>().rows.size() == 2);
}

TEST_CASE("names that are no UTF-8 do not stop a snapshot") {
    Observed observed = full();
    observed.facts.interfaces[1].name = InterfaceName("eth\xff");
    CHECK(parse_snapshot("s.json", snapshot_of(observed, {}, "lb1")).has_value());
}

TEST_CASE("the kernel's state as a file asks for what is there") {
    const Observed observed = full();
    const kinds::Desired desired = desired_by(observed);
    CHECK(rows_text(desired.get<Service>().rows) == rows_text(observed.get<Service>()));
    CHECK(rows_text(desired.get<Timeouts>().rows) == rows_text(observed.get<Timeouts>()));
    CHECK(desired.get<SyncDaemon>().rows.row(0).value == observed.get<SyncDaemon>().row(0).value);
    // Routes that others have made are theirs to configure.
    CHECK(rows_text(desired.get<Route>().rows) ==
          "default table 7 via=192.0.2.254 source=192.0.2.1\n2001:db8:1::/48 interface=eth0\n");
    CHECK(desired.get<RealServer>().rows.size() == observed.get<RealServer>().size());
    for (const auto& row : observed.get<RealServer>().rows()) {
        const std::uint32_t at = desired.get<RealServer>().rows.find(row.key);
        REQUIRE_MESSAGE(at != (Table<RealServer, kinds::Origin>::npos), RealServer::id(row.key));
        CHECK(desired.get<RealServer>().rows.row(at).value == row.value);
    }
    CHECK(rows_text(desired.get<Address>().rows) ==
          "192.0.2.20/32 eth0 label=eth0:vip\n2001:db8::20/128 eth0 deprecated=true\n");
}

TEST_CASE("a real server as a file has its VIPs on lo") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.get<Address>().put(key<Address>("127.0.0.1/8 lo"), {.scope = Scope::host});
    observed.get<Address>().put(key<Address>("192.0.2.20/32 lo"), {.scope = Scope::host});
    observed.get<Address>().put(key<Address>("192.0.2.21/32 lo"), {.scope = Scope::global});
    observed.get<Address>().put(key<Address>("2001:db8::20/128 lo"), {.deprecated = true});
    observed.get<Address>().put(key<Address>("192.0.2.3/24 eth0"), {});
    const kinds::Desired desired = desired_by(observed);
    CHECK(rows_text(desired.get<Address>().rows) == R"(
        192.0.2.20/32 lo scope=host
        192.0.2.21/32 lo
        2001:db8::20/128 lo deprecated=true
    )"_text);
}

TEST_CASE("a VIP on lo of a node that balances cannot be said in a file, and is left out") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.get<Address>().put(key<Address>("192.0.2.20/32 lo"), {.scope = Scope::host});
    observed.get<Service>().put(key<Service>("tcp 192.0.2.20:80"), {.scheduler = "rr"});
    const kinds::Desired desired = desired_by(observed);
    CHECK(rows_text(desired.get<Service>().rows) == "tcp 192.0.2.20:80 scheduler=rr\n");
}

namespace {

/// The kernel as the file wants it.
Observed made_by(const test::World& node) {
    Observed observed;
    observed.facts = node.facts;
    const kinds::Desired desired = node.desired();
    kinds::for_each_kind([&]<class Kind>() {
        for (const auto& row : desired.get<Kind>().rows.rows()) {
            typename Kind::Facts facts{};
            if constexpr (requires { Kind::protocol_tag; }) facts.protocol = Kind::protocol_tag;
            observed.get<Kind>().put(row.key, row.value, facts);
        }
    });
    return observed;
}

}  // namespace

TEST_CASE("a node of role both, as master, is shown as one") {
    const Observed observed = made_by(test::world(R"(
        role = "both"
        interface = "eth0"
        vips = ["192.0.2.20", "192.0.2.30/24", "2001:db8::20"]
        vrrp = [{ name = "LB", vrid = 51 }]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.3", "192.0.2.4"]
    )"_text,
                                                  {{"LB", ElectionState::master}}));
    REQUIRE(observed.get<Address>().size() == 6);
    CHECK(toml_of(observed).starts_with("role = \"both\"\n"));
    CHECK(text_of(made_by(test::world(toml_of(observed)))) == text_of(observed));
    // A director with one of its VIPs on lo as well is none.
    Observed director = observed;
    director.get<Address>().erase(key<Address>("192.0.2.30/32 lo"));
    CHECK(toml_of(director).starts_with("role = \"director\"\n"));
    CHECK(toml_of(director).find("# 192.0.2.20/32 lo is left out: a director has") != std::string::npos);
}

TEST_CASE("a VIP in two places is shown once, where its role wants it") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.get<Address>().put(key<Address>("192.0.2.20/32 eth0"), {}, {.protocol = Address::protocol_tag});
    observed.get<Address>().put(key<Address>("192.0.2.20/32 lo"), {.scope = Scope::link});
    std::string text = toml_of(observed);
    CHECK(text.find("# 192.0.2.20/32 eth0 is left out: a VIP has one place\n") != std::string::npos);
    CHECK(rows_text(desired_by(observed).get<Address>().rows) == "192.0.2.20/32 lo scope=link\n");
    observed.get<Redirect>().put(key<Redirect>("tcp 192.0.2.20:80"), {.to = 8080});
    observed.get<Address>().put(key<Address>("192.0.2.3/24 eth0"), {});
    text = toml_of(observed);
    CHECK(text.find("# 192.0.2.20/32 lo is left out: what is redirected has no address here\n") != std::string::npos);
    CHECK(desired_by(observed).get<Address>().rows.empty());

    observed.get<Redirect>() = {};
    observed.get<Address>().erase(key<Address>("192.0.2.20/32 lo"));
    observed.get<Address>().put(key<Address>("192.0.2.20/32 eth0"), {});
    observed.get<Address>().put(key<Address>("192.0.2.20/32 eth1"), {}, {.protocol = Address::protocol_tag});
    observed.get<Service>().put(key<Service>("tcp 192.0.2.20:80"), {.scheduler = "rr"});
    CHECK(rows_text(desired_by(observed).get<Address>().rows) == "192.0.2.20/32 eth1\n");
}

TEST_CASE("the node's own address is no VIP, although a service uses it") {
    Observed observed;
    observed.facts = test::plain_facts();
    constexpr std::uint32_t secondary = 0x01;
    observed.get<Address>().put(key<Address>("192.0.2.1/24 eth0"), {});
    observed.get<Address>().put(key<Address>("192.0.2.20/24 eth0"), {}, {.flags = secondary});
    observed.get<Address>().put(key<Address>("198.51.100.1/24 eth1"), {}, {.protocol = Address::protocol_tag});
    observed.get<Address>().put(key<Address>("2001:db8::1/64 eth0"), {});
    observed.get<Address>().put(key<Address>("2001:db8::20/64 eth0"), {.deprecated = true});
    for (const char* id : {"tcp 192.0.2.1:80", "tcp 192.0.2.20:80", "tcp 198.51.100.1:80", "tcp [2001:db8::1]:80",
                           "tcp [2001:db8::20]:80"}) {
        const auto service = key<Service>(id);
        const bool ipv6 = service.vip.family == Family::ipv6;
        observed.get<Service>().put(service, {.scheduler = "rr", .netmask = {ipv6 ? 128U : 0xffffffffU}});
    }
    const kinds::Desired desired = desired_by(observed);
    CHECK(rows_text(desired.get<Service>().rows) == rows_text(observed.get<Service>()));
    CHECK(rows_text(desired.get<Address>().rows) == R"(
        192.0.2.20/24 eth0
        198.51.100.1/24 eth1
        2001:db8::20/64 eth0 deprecated=true
    )"_text);
}

TEST_CASE("what a file cannot say is a comment") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.get<Address>().put({*IpAddress::parse("192.0.2.20"), 32, "e\xff\n"}, {});
    observed.get<Address>().put(key<Address>("192.0.2.21/32 eth0"), {});
    observed.get<Address>().put(key<Address>("192.0.2.21/32 eth1"), {});
    observed.get<Service>().put(key<Service>("tcp 192.0.2.20:80"), {.scheduler = "rr"});
    observed.get<Service>().put(key<Service>("tcp 192.0.2.21:80"), {.scheduler = "rr"});
    observed.get<SyncDaemon>().put(key<SyncDaemon>("master"), {"\xff", 7, *IpAddress::parse("224.0.0.81"), 8848, 1});
    const std::string text = toml_of(observed);
    CHECK(text.find("# 192.0.2.20/32 e\uFFFD\\u000a is left out: the name of its interface is not UTF-8\n") !=
          std::string::npos);
    CHECK(text.find("# 192.0.2.21/32 eth1 is left out: a VIP has one place\n") != std::string::npos);
    CHECK(rows_text(desired_by(observed).get<Address>().rows) == "192.0.2.21/32 eth0\n");
}

TEST_CASE("a VIP that ifconfig has put on lo keeps its label and its broadcast address") {
    Observed observed;
    observed.facts = test::plain_facts();
    const auto vip = IpAddress::parse("192.0.2.20");
    observed.get<Address>().put(key<Address>("192.0.2.20/32 lo"), {.label = "lo:0", .broadcast = vip});
    CHECK(rows_text(desired_by(observed).get<Address>().rows) == rows_text(observed.get<Address>()));
}

TEST_CASE("a node without anything is a file too") {
    Observed observed;
    observed.facts = test::plain_facts();
    CHECK(desired_by(observed).get<Service>().rows.empty());
}

}  // namespace lbconverge::cli
