// What goes into bytes comes out of them again, and the same values make the same bytes.
#include "property.hpp"
#include "show.hpp"

#include "lbconverge/config/document.hpp"
#include "lbconverge/config/lint.hpp"
#include "lbconverge/plan/plan.hpp"

#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstring>

using namespace lbconverge;
using namespace lbconverge::test;
using namespace lbconverge::kinds;

namespace {

template <class Kind>
void require_id_round_trip(const typename Kind::Key& key) {
    const auto back = Kind::parse_id(Kind::id(key));
    RC_ASSERT(back.has_value());
    RC_ASSERT((*back == key));
}

template <class Kind>
void require_fields_round_trip(const typename Kind::Value& value) {
    typename Kind::Value back{};
    for_each_field(back, [&](const auto& field, auto& member) {
        for_each_field(value, [&](const auto& other, const auto& given) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(given)>, std::remove_cvref_t<decltype(member)>>) {
                if (field.name == other.name) RC_ASSERT(from_text(std::string(to_text(given)), member));
            }
        });
    });
    RC_ASSERT((back == value));
}

/// A request to make a row looks like the kernel's message about that row: feeds the one to decode as the other.
template <class Kind>
void decode_request(const Change<Kind>& change, std::uint16_t type, Observed& observed) {
    wire::Requests requests;
    Kind::encode(change, observed.facts, 0, requests);
    for (const wire::Request& request : requests.list()) {
        std::span<std::byte> bytes = requests.bytes(request);
        if (type != 0) {
            nlmsghdr header;
            std::memcpy(&header, bytes.data(), sizeof header);
            header.nlmsg_type = type;
            std::memcpy(bytes.data(), &header, sizeof header);
        }
        Kind::decode({request.transport, 0, bytes}, {}, observed);
    }
    observed.get<Kind>().finish();
}

template <class Kind>
void require_decoded(const Observed& observed, const typename Kind::Key& key, const typename Kind::Value& value) {
    RC_ASSERT(observed.get<Kind>().size() == 1U);
    RC_ASSERT((observed.get<Kind>().row(0).key == key));
    RC_ASSERT((observed.get<Kind>().row(0).value == value));
}

/// Up to 15 octets of which no two make an interface's name by accident: quotes, escapes, letters of several octets.
rc::Gen<InterfaceName> any_interface_name() {
    const auto piece = rc::gen::element<std::string>("e", "0", "\"", "\\", "'", "#", "]", "\x01", "\x1b", "\x7f", ".",
                                                     "ü", "€", "𝄞", "\\u0041");
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                        [](const std::vector<std::string>& pieces) {
                            std::string name = "e";
                            for (const std::string& each : pieces) {
                                if (name.size() + each.size() <= InterfaceName::max_size) name += each;
                            }
                            return InterfaceName(name);
                        });
}

/// A node that balances, with all that its kernel can have of what show knows.
std::shared_ptr<const Observed> pick_director() {
    auto observed = std::make_shared<Observed>();
    const InterfaceName interface = *any_interface_name();
    observed->facts.ipvs_loaded = true;
    observed->facts.interfaces = {{.index = 1, .name = "lo", .up = true, .loopback = true},
                                  {.index = 2, .name = interface, .up = true, .speaks_arp = true}};
    auto& addresses = observed->get<Address>();
    addresses.put({*IpAddress::parse("10.0.0.2"), 24, interface}, {});
    for (const Service::Key& key : *rc::gen::container<std::set<Service::Key>>(any_service_key())) {
        observed->get<Service>().put(key, *any_service_value(key));
        if (*rc::gen::arbitrary<bool>()) {
            const char* server = key.vip.family == Family::ipv4 ? "10.0.0.3" : "2001:db8::3";
            observed->get<RealServer>().put({key, *IpAddress::parse(server), key.port}, *any_server_value());
        }
        const Address::Key vip{key.vip, key.vip.bits(), interface};
        if (key.fwmark != 0 || addresses.find(vip) != Seen<Address>::npos) continue;
        Address::Value value = *any_address_value(vip);
        if (interface.view().size() > 11) value.label = {};  // it would not fit
        value.peer.reset();  // what is wrong with an address no file can say: it would be put right
        value.expires = value.tentative = value.dadfailed = false;
        const bool ours = *rc::gen::arbitrary<bool>();
        addresses.put(vip, value, {.protocol = ours ? Address::protocol_tag : std::uint8_t{0}});
    }
    for (const char* name : {"expire_nodest_conn", "expire_quiescent_template"}) {
        const bool set = *rc::gen::arbitrary<bool>();
        observed->get<Sysctl>().put(Sysctl::Key(std::string("net/ipv4/vs/") + name), {set ? "1" : "0"}, {});
    }
    for (const TimeoutName name : {TimeoutName::tcp, TimeoutName::tcp_fin, TimeoutName::udp}) {
        observed->get<Timeouts>().put({name}, {*rc::gen::inRange(1U, 100'000U)});
    }
    if (*rc::gen::arbitrary<bool>()) {
        const SyncDaemon::Value sync{interface, *rc::gen::inRange(0U, 256U), *IpAddress::parse("224.0.0.82"), 8849, 3};
        for (const SyncState state : {SyncState::master, SyncState::backup}) {
            observed->get<SyncDaemon>().put({state}, sync);
        }
    }
    if (*rc::gen::arbitrary<bool>()) {
        observed->get<Route>().put({*IpAddress::parse("198.51.100.0"), 24}, {.interface = interface},
                                   {.protocol = Route::protocol_tag});
    }
    return observed;
}
rc::Gen<std::shared_ptr<const Observed>> any_director() { return rc::gen::exec(pick_director); }

}  // namespace

TEST_CASE("every id names its row") {
    property("sysctl ids", [] { require_id_round_trip<Sysctl>(*any_sysctl_key()); });
    property("address ids", [] { require_id_round_trip<Address>(*any_address_key()); });
    property("service ids", [] { require_id_round_trip<Service>(*any_service_key()); });
    property("real server ids", [] { require_id_round_trip<RealServer>(*any_server_key()); });
    for (const TimeoutName name : {TimeoutName::tcp, TimeoutName::tcp_fin, TimeoutName::udp}) {
        CHECK(Timeouts::parse_id(Timeouts::id({name}))->timeout == name);
    }
}

TEST_CASE("every value survives its text") {
    property("service values", [] { require_fields_round_trip<Service>(*any_service_value(*any_service_key())); });
    property("real server values", [] { require_fields_round_trip<RealServer>(*any_server_value()); });
    property("address values", [] { require_fields_round_trip<Address>(*any_address_value(*any_address_key())); });
}

TEST_CASE("the ledger survives its text, byte for byte") {
    property("ledger", [] {
        const Ledger ledger = *any_memory();
        const std::string text = plan::to_text(ledger);
        const plan::ReadLedger read = plan::parse_ledger(text);
        const Ledger* back = &read.ledger;
        RC_ASSERT(read.damaged.count == 0U);
        RC_ASSERT(plan::to_text(*back) == text);
        for_each_kind([&]<class Kind>() {
            const auto& before = ledger.get<Kind>();
            const auto& after = back->get<Kind>();
            RC_ASSERT(before.size() == after.size());
            for (std::size_t i = 0; i < before.size(); ++i) {
                RC_ASSERT((before[i].key == after[i].key && before[i].fingerprint == after[i].fingerprint));
                RC_ASSERT((before[i].before == after[i].before));
                RC_ASSERT((before[i].origin == after[i].origin && before[i].more == after[i].more));
                RC_ASSERT((i == 0 || before[i - 1].key < before[i].key));  // no row is claimed twice
            }
        });
    });
}

TEST_CASE("what show prints is a file that check accepts and that changes nothing") {
    property("show of a director", [] {
        const std::shared_ptr<const Observed> observed = *any_director();
        const std::string text = cli::toml_of(*observed);
        config::Diagnostics problems;
        const auto config = config::Document::parse({{"shown.toml", text}}, problems).config_for("", problems);
        RC_LOG(text);
        for (const config::Diagnostic& each : problems.all()) RC_LOG(config::to_text(each, {"shown.toml"}));
        RC_ASSERT(config.has_value());
        config::lint({*config}, problems);
        for (const config::Diagnostic& each : problems.all()) RC_LOG(config::to_text(each, {"shown.toml"}));
        RC_ASSERT(!problems.has_errors());
        const Inputs inputs{*config, {}, observed->facts};
        const plan::Plan plan = plan::make_plan(desire(inputs), observed, {}, inputs, {});
        RC_LOG(listing(plan));
        RC_ASSERT(plan.steps.empty());
    });
}

TEST_CASE("the same input makes the same plan and the same ledger") {
    property("determinism", [] {
        const Case each = *any_case();
        FakeKernel kernel = each.kernel();
        const plan::Plan one = planned(kernel, each, each.ledger);
        const plan::Plan two = planned(kernel, each, each.ledger);
        RC_ASSERT(listing(one) == listing(two));
        RC_ASSERT(plan::to_text(one.ledger) == plan::to_text(two.ledger));
        RC_ASSERT(kernel.writes == 0U);
    });
}

TEST_CASE("a request to make a row, read as the kernel's answer, is that row") {
    property("services", [] {
        const Service::Key key = *any_service_key();
        const Service::Value value = *any_service_value(key);
        Observed observed;
        decode_request<Service>({.key = key, .before = nullptr, .after = &value}, 0, observed);
        require_decoded<Service>(observed, key, value);
    });
    property("real servers", [] {
        const RealServer::Key key = *any_server_key();
        const RealServer::Value value = *any_server_value();
        Observed observed;
        observed.get<Service>().add(key.service, {});
        decode_request<RealServer>({.key = key, .before = nullptr, .after = &value}, 0, observed);
        require_decoded<RealServer>(observed, key, value);
    });
    property("addresses", [] {
        const Address::Key key = *any_address_key();
        Address::Value value = *any_address_value(key);
        value.tentative = value.dadfailed = false;  // what a request cannot say
        value.expires = true;                       // nor that it does not
        Observed observed;
        observed.facts = interfaces_of_a_node();
        decode_request<Address>({.key = key, .before = nullptr, .after = &value}, RTM_NEWADDR, observed);
        require_decoded<Address>(observed, key, value);
        RC_ASSERT(observed.get<Address>().note(0).protocol == Address::protocol_tag);
    });
}

TEST_CASE("what is about another row, or about nothing at all, is not decoded as this one") {
    property("random bytes", [] {
        const auto text = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
        const auto bytes = std::as_bytes(std::span(text));
        Observed observed;
        observed.facts = interfaces_of_a_node();
        observed.get<Service>().add({}, {});
        const Reading reading{.sysctls = {"net/ipv4/ip_forward"}};
        for_each_kind([&]<class Kind>() {
            for (const auto transport : {wire::Transport::ipvs, wire::Transport::route, wire::Transport::file}) {
                Kind::decode({transport, 0, bytes}, reading, observed);
            }
        });
        RC_ASSERT(observed.get<RealServer>().size() <= 1U);
    });
}
