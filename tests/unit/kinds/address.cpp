#include "lbconverge/kinds/address.hpp"

#include "lbconverge/wire/attributes.hpp"
#include "messages.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::key;
using test::rows_text;
using test::world;

const std::string pair = R"(
interface = "eth0"
vips = ["192.0.2.20"]
vrrp = [{ name = "LB", vrid = 51 }]
)";

const std::string three = R"(
[[vip]]
address = "192.0.2.20/24"
interface = "eth0"
label = "eth0:vip"
broadcast = "192.0.2.255"
[[vip]]
address = "2001:db8::20"
interface = "eth0"
[[vip]]
address = "192.0.2.21"
interface = "eth0"
scope = "link"
)";

std::string rows(const std::string& toml, ElectionState state = ElectionState::backup) {
    return rows_text(world(toml, {{"LB", state}}).desired().get<Address>().rows);
}

/// An address as a dump shows it.
test::Message dumped(const ifaddrmsg& header, const std::function<void(wire::Requests&)>& fill,
                     std::uint16_t type = RTM_NEWADDR) {
    return test::message(wire::Transport::route, type, std::as_bytes(std::span(&header, 1)), fill);
}

void put(wire::Requests& out, std::uint16_t type, const char* address_hex) {
    const auto bytes = test::from_hex(address_hex);
    out.attribute(type, bytes.data(), bytes.size());
}

std::string decoded(const test::Message& message) {
    Observed observed;
    observed.facts = test::plain_facts();
    test::decode<Address>(message, observed, wire::Transport::route);
    return rows_text(observed.get<Address>());
}

ifaddrmsg header(std::uint8_t family, std::uint8_t prefix, std::uint8_t scope, std::uint32_t index) {
    return {.ifa_family = family,
            .ifa_prefixlen = prefix,
            .ifa_flags = IFA_F_PERMANENT,
            .ifa_scope = scope,
            .ifa_index = index};
}

}  // namespace

TEST_CASE("a director has a VIP on its interface while it is master") {
    CHECK(rows(R"(role = "director")" + pair, ElectionState::master) == "192.0.2.20/32 eth0 (election)\n");
    CHECK(rows(R"(role = "director")" + pair, ElectionState::backup).empty());
}

TEST_CASE("without an election a director has it always") {
    CHECK(rows(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text) == "192.0.2.20/32 eth0\n");
}

TEST_CASE("while an election is undecided its VIP is held where it may be") {
    for (const std::string role : {"director", "both"}) {
        const Desired desired = world(R"(role = "$")"_with(role) + pair, {{"LB", ElectionState::undecided}}).desired();
        CHECK(test::held_text(desired.get<Address>()) == "192.0.2.20/32 eth0: election of LB is undecided\n");
    }
    CHECK(rows(R"(role = "director")" + pair, ElectionState::undecided).empty());
    CHECK(rows(R"(role = "both")" + pair, ElectionState::undecided) == "192.0.2.20/32 lo scope=host\n");
}

TEST_CASE("who yields keeps its VIP until the new master has it") {
    const Desired desired = world(R"(role = "both")" + pair, {{"LB", ElectionState::yielding}}).desired();
    CHECK(test::held_text(desired.get<Address>()) == "192.0.2.20/32 eth0: until the new master of LB has it\n");
    CHECK(rows_text(desired.get<Address>().rows) == "192.0.2.20/32 lo scope=host\n");
}

TEST_CASE("a real server has its VIPs on lo whatever the election says") {
    for (const ElectionState state : {ElectionState::master, ElectionState::backup, ElectionState::undecided}) {
        CHECK(rows(R"(role = "real-server")" + pair, state) == "192.0.2.20/32 lo scope=host\n");
    }
}

TEST_CASE("a real server that takes the VIP in another way has it nowhere") {
    CHECK(rows(R"(
        role = "real-server"
        vip = [{ address = "192.0.2.20", accept = "redirect" }]
    )"_text)
              .empty());
}

TEST_CASE("a node of role both has the VIP on lo throughout, and on its interface as master") {
    CHECK(rows(R"(role = "both")" + pair, ElectionState::master) ==
          "192.0.2.20/32 eth0 (election)\n192.0.2.20/32 lo scope=host\n");
    CHECK(rows(R"(role = "both")" + pair, ElectionState::backup) == "192.0.2.20/32 lo scope=host\n");
}

TEST_CASE("label, broadcast and prefix belong to the interface; on lo they would harm") {
    CHECK(rows(R"(
        role = "director"
    )"_text + three) == R"(
        192.0.2.20/24 eth0 label=eth0:vip broadcast=192.0.2.255
        192.0.2.21/32 eth0 scope=link
        2001:db8::20/128 eth0 deprecated=true
    )"_text);
    const std::string on_lo = rows(R"(
        role = "both"
        vrrp = [{ name = "LB", vrid = 51, interface = "eth0" }]
    )"_text + three);
    CHECK(on_lo.find("192.0.2.20/32 lo scope=host\n") != std::string::npos);
    CHECK(on_lo.find("192.0.2.21/32 lo scope=link\n") != std::string::npos);
    CHECK(on_lo.find("2001:db8::20/128 lo deprecated=true\n") != std::string::npos);
}

TEST_CASE("a dumped IPv4 address is the node's own end, with scope, label and broadcast") {
    CHECK(decoded(dumped(header(2, 24, 0, 2), [](wire::Requests& out) {
              put(out, IFA_ADDRESS, "c0000263");  // the peer's end, where there is one
              put(out, IFA_LOCAL, "c0000214");
              put(out, IFA_BROADCAST, "c00002ff");
              out.attribute_text(IFA_LABEL, "eth0:vip");
              out.attribute_u32(IFA_FLAGS, IFA_F_PERMANENT | IFA_F_SECONDARY);
              out.attribute_u8(IFA_PROTO, 0x4c);
          })) == "192.0.2.20/24 eth0 label=eth0:vip broadcast=192.0.2.255 peer=192.0.2.99 | protocol=76 flags=129\n");
    CHECK(decoded(dumped(header(2, 32, 254, 1), [](wire::Requests& out) {
              put(out, IFA_LOCAL, "c0000214");
              put(out, IFA_ADDRESS, "c0000263");    // in this order, too
              out.attribute_text(IFA_LABEL, "lo");  // the interface's name is no label
          })) == "192.0.2.20/32 lo scope=host peer=192.0.2.99 | flags=128\n");
}

TEST_CASE("an IPv6 address has no scope of its own, and is deprecated when it is never preferred") {
    const auto address = [](std::uint32_t preferred) {
        return decoded(dumped(header(10, 128, 253, 2), [&](wire::Requests& out) {
            const ifa_cacheinfo times{.ifa_prefered = preferred, .ifa_valid = UINT32_MAX, .cstamp = 1, .tstamp = 2};
            put(out, IFA_ADDRESS, "20010db8000000000000000000000020");
            out.attribute(IFA_CACHEINFO, &times, sizeof times);
        }));
    };
    CHECK(address(UINT32_MAX) == "2001:db8::20/128 eth0 | flags=128\n");
    CHECK(address(0) == "2001:db8::20/128 eth0 deprecated=true | flags=128\n");
}

TEST_CASE("an address whose lifetime ends, or that does not answer, is not the one that is wanted") {
    const auto six = [](std::uint32_t flags) {
        return decoded(dumped(header(10, 128, 0, 2), [&](wire::Requests& out) {
            put(out, IFA_ADDRESS, "20010db8000000000000000000000020");
            out.attribute_u32(IFA_FLAGS, flags);
        }));
    };
    CHECK(six(IFA_F_PERMANENT) == "2001:db8::20/128 eth0 | flags=128\n");
    CHECK(six(0) == "2001:db8::20/128 eth0 expires=true\n");
    CHECK(six(0xc0) == "2001:db8::20/128 eth0 tentative=true | flags=192\n");
    CHECK(six(0xc8) == "2001:db8::20/128 eth0 dadfailed=true | flags=200\n");
    CHECK(six(0xc4) == "2001:db8::20/128 eth0 | flags=196\n");  // optimistic: it answers
    CHECK(decoded(dumped(header(2, 32, 0, 2), [](wire::Requests& out) {
              put(out, IFA_LOCAL, "c0000214");
              out.attribute_u32(IFA_FLAGS, 0x40);  // of IPv6 only
          })) == "192.0.2.20/32 eth0 expires=true | flags=64\n");
}

TEST_CASE("of an address that is there with a peer and without, the one that has to go is shown") {
    for (const bool peer_first : {true, false}) {
        Observed observed;
        observed.facts = test::plain_facts();
        for (const bool with_peer : {peer_first, !peer_first}) {
            const auto message = dumped(header(2, 32, 0, 2), [&](wire::Requests& out) {
                put(out, IFA_LOCAL, "c0000214");
                put(out, IFA_ADDRESS, with_peer ? "c0000263" : "c0000214");
            });
            test::decode<Address>(message, observed, wire::Transport::route);
        }
        observed.get<Address>().finish();
        CHECK(rows_text(observed.get<Address>()) == "192.0.2.20/32 eth0 peer=192.0.2.99 | flags=128\n");
    }
}

TEST_CASE("older addresses of IPv4 are listed first, those of IPv6 last; single ones are nobody's net") {
    Observed observed;
    observed.facts = test::plain_facts();
    const auto listed = [&](const char* address, std::uint8_t family, std::uint8_t prefix, std::uint32_t interface) {
        const auto message =
            dumped(header(family, prefix, 0, interface), [&](wire::Requests& out) { put(out, IFA_ADDRESS, address); });
        test::decode<Address>(message, observed, wire::Transport::route);
    };
    for (const auto& [address, prefix] : {std::pair{"20010db8000000000000000000000021", std::uint8_t{128}},
                                          {"20010db8000000000000000000000020", std::uint8_t{80}},
                                          {"20010db8000100000000000000000020", std::uint8_t{64}},
                                          {"20010db8000000000000000000000002", std::uint8_t{64}},
                                          {"fe800000000000000000000000000002", std::uint8_t{64}}}) {
        listed(address, 10, prefix, 2);
    }
    listed("20010db8000000000000000000000020", 10, 64, 1);
    for (const auto& [address, prefix] : {std::pair{"c0000201", std::uint8_t{24}},
                                          {"c0000214", std::uint8_t{25}},
                                          {"c0000215", std::uint8_t{32}},
                                          {"c6336401", std::uint8_t{24}}}) {
        listed(address, 2, prefix, 2);
    }
    observed.get<Address>().finish();
    std::string text;
    for (std::size_t i = 0; i < observed.get<Address>().size(); ++i) {
        const Address::Facts& facts = observed.get<Address>().note(i);
        if (!facts.later && !facts.beside) continue;
        text += Address::id(observed.get<Address>().row(i).key) + (facts.beside ? " beside\n" : "\n");
    }
    CHECK(text == R"(
        192.0.2.20/25 eth0 beside
        198.51.100.1/24 eth0
        2001:db8::20/80 eth0 beside
        2001:db8:1::20/64 eth0
    )"_text);
}

TEST_CASE("where a list was interrupted, the addresses of the interfaces that matter are asked for once more") {
    Observed observed;
    observed.facts = test::plain_facts();
    const auto put_row = [&](const char* id) { observed.get<Address>().put(key<Address>(id), {}); };
    const auto asked = [&](const Reading& reading, const std::vector<std::uint32_t>& open) {
        wire::Requests requests;
        Address::ask_again(reading, open, observed, requests);
        std::string text;
        for (const wire::Request& each : requests.list()) {
            CHECK(each.tag == wire::fixed_header<ifaddrmsg>(requests.bytes(each), NLMSG_HDRLEN).ifa_index);
            text += std::to_string(each.tag) + " ";
        }
        return text;
    };
    put_row("192.0.2.1/24 eth0");
    put_row("192.0.2.2/24 eth1");
    put_row("192.0.2.3/24 tun0");
    const Reading reading{.interfaces = {"eth0", "eth1", "none0"}};
    CHECK(asked(reading, {}).empty());
    CHECK(observed.get<Address>().size() == 3);
    CHECK(asked(reading, {3}) == "3 ");
    CHECK(rows_text(observed.get<Address>()) == "192.0.2.1/24 eth0\n192.0.2.3/24 tun0\n");
    CHECK(asked(reading, {0}) == "2 3 ");
    CHECK(rows_text(observed.get<Address>()) == "192.0.2.3/24 tun0\n");
    CHECK(asked({}, {0}) == "0 ");
    CHECK(observed.get<Address>().empty());
}

TEST_CASE("of a kernel that does not filter, the addresses that were asked for") {
    Observed observed;
    observed.facts = test::plain_facts();
    const auto message = dumped(header(2, 32, 0, 2), [](wire::Requests& out) { put(out, IFA_LOCAL, "c0000214"); });
    test::decode<Address>(message, observed, wire::Transport::route, 3);
    CHECK(observed.get<Address>().empty());
    test::decode<Address>(message, observed, wire::Transport::route, 2);
    CHECK(observed.get<Address>().size() == 1);
}

TEST_CASE("messages that are no address of a known interface are passed over") {
    const auto fill = [](wire::Requests& out) { put(out, IFA_LOCAL, "c0000214"); };
    CHECK(decoded(dumped(header(2, 32, 0, 99), fill)).empty());
    CHECK(decoded(dumped(header(7, 32, 0, 2), fill)).empty());
    CHECK(decoded(dumped(header(2, 32, 0, 2), fill, RTM_DELADDR)).empty());
}

TEST_CASE("an address that is cut off anywhere is no danger") {
    Observed before;
    before.facts = test::plain_facts();
    const auto whole = dumped(header(10, 128, 0, 2), [](wire::Requests& out) {
        put(out, IFA_ADDRESS, "20010db8000000000000000000000020");
        out.attribute_text(IFA_LABEL, "eth0");
        out.attribute_u32(IFA_FLAGS, 0);
        out.attribute_u8(IFA_PROTO, 1);
    });
    test::decode_every_beginning<Address>(whole, before, wire::Transport::route);
}

TEST_CASE("a new address is written with our tag") {
    const Address::Value value{.scope = Scope::link, .label = "eth0:vip", .broadcast = IpAddress::parse("192.0.2.255")};
    CHECK(test::encoded<Address>({key<Address>("192.0.2.20/24 eth0"), nullptr, &value}, test::plain_facts()) ==
          "021800fd02000000"                  // family, prefix, flags, scope, interface
          "08000200c0000214"                  // IFA_LOCAL
          "08000100c0000214"                  // IFA_ADDRESS
          "0d000300657468303a76697000000000"  // IFA_LABEL
          "08000400c00002ff"                  // IFA_BROADCAST
          "05000b004c000000"
          "\n");  // IFA_PROTO
}

TEST_CASE("a new IPv6 address skips duplicate address detection and is never a source") {
    const Address::Value value{.deprecated = true};
    CHECK(test::encoded<Address>({key<Address>("2001:db8::20/128 eth0"), nullptr, &value}, test::plain_facts()) ==
          "0a80000002000000"
          "1400020020010db8000000000000000000000020"
          "1400010020010db8000000000000000000000020"
          "0800080002000000"                          // IFA_FLAGS: IFA_F_NODAD
          "1400060000000000ffffffff0000000000000000"  // IFA_CACHEINFO: preferred 0, valid for ever
          "05000b004c000000"
          "\n");
}

TEST_CASE("only the lifetimes change in place: anything else is a new address") {
    const auto types = [](const Address::Value& before, const Address::Value& after, const char* id) {
        wire::Requests requests;
        Address::encode({key<Address>(id), &before, &after}, test::plain_facts(), 0, requests);
        std::vector<std::pair<int, int>> list;
        for (const wire::Request& each : requests.list()) {
            const auto start = wire::fixed_header<nlmsghdr>(std::as_const(requests).bytes(each), 0);
            list.emplace_back(start.nlmsg_type, start.nlmsg_flags & ~NLM_F_REQUEST);
        }
        return list;
    };
    using List = std::vector<std::pair<int, int>>;
    CHECK((types({.expires = true}, {}, "192.0.2.20/32 eth0") == List{{RTM_NEWADDR, NLM_F_REPLACE}}));
    for (const Address::Value& lame : {Address::Value{.tentative = true}, Address::Value{.dadfailed = true}}) {
        CHECK((types(lame, {.deprecated = true}, "2001:db8::20/128 eth0") ==
               List{{RTM_DELADDR, 0}, {RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL}}));
    }
    CHECK((types({.deprecated = false}, {.deprecated = true}, "2001:db8::20/128 eth0") ==
           List{{RTM_NEWADDR, NLM_F_REPLACE}}));
    CHECK((types({.scope = Scope::global}, {.scope = Scope::host}, "192.0.2.20/32 lo") ==
           List{{RTM_DELADDR, 0}, {RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL}}));
}

TEST_CASE("an address with a peer is removed by the peer's net, and comes back without") {
    const Address::Value with_peer{.peer = IpAddress::parse("192.0.2.99")};
    const Address::Value plain;
    const std::string removal =
        "0220000002000000"
        "08000200c0000214"
        "08000100c0000263"
        "\n";
    const Address::Key vip = key<Address>("192.0.2.20/32 eth0");
    CHECK(test::encoded<Address>({vip, &with_peer, nullptr}, test::plain_facts()) == removal);
    CHECK(test::encoded<Address>({vip, &with_peer, &plain}, test::plain_facts()) == removal +
                                                                                        "0220000002000000"
                                                                                        "08000200c0000214"
                                                                                        "08000100c0000214"
                                                                                        "05000b004c000000"
                                                                                        "\n");
}

TEST_CASE("whoever only changes its lifetimes has not made the address") {
    const Address::Value before{.expires = true};
    const Address::Value after;
    CHECK(test::encoded<Address>({key<Address>("192.0.2.20/32 eth0"), &before, &after}, test::plain_facts()) ==
          "0220000002000000"
          "08000200c0000214"
          "08000100c0000214"
          "\n");
}

TEST_CASE("what is written is what is read again") {
    const Address::Value values[] = {{.scope = Scope::host},
                                     {.label = "eth0:1", .broadcast = IpAddress::parse("192.0.2.255")}};
    for (const Address::Value& value : values) {
        const Address::Key wanted = key<Address>("192.0.2.20/24 eth0");
        wire::Requests requests;
        Address::encode({wanted, nullptr, &value}, test::plain_facts(), 0, requests);
        Observed observed;
        observed.facts = test::plain_facts();
        Address::decode({wire::Transport::route, 0, requests.bytes(requests.list()[0])}, {}, observed);
        REQUIRE(observed.get<Address>().size() == 1);
        CHECK(observed.get<Address>().row(0).key == wanted);
        Address::Value seen = observed.get<Address>().row(0).value;
        seen.expires = false;  // that it is permanent says only the kernel
        CHECK(seen == value);
        CHECK(observed.get<Address>().note(0).protocol == Address::protocol_tag);
    }
}

namespace {

constexpr std::uint8_t tag = Address::protocol_tag;

Ledger claims(const Address::Key& key, ClaimOrigin origin) {
    Ledger ledger;
    ledger.get<Address>().push_back({.key = key, .origin = origin});
    return ledger;
}

}  // namespace

TEST_CASE("an address that the file does not name is ours by its mark, or as a VIP that was taken over") {
    Desired desired;
    desired.marks = true;
    const Address::Key vip = key<Address>("192.0.2.9/32 eth0");
    CHECK(Address::owner(vip, {}, desired, {}) == Owner::unrelated);
    CHECK(Address::owner(vip, {.protocol = tag}, desired, {}) == Owner::ours);
    CHECK(Address::owner(vip, {.protocol = tag}, desired, claims(vip, ClaimOrigin::made)) == Owner::ours);
    CHECK(Address::owner(vip, {}, desired, claims(vip, ClaimOrigin::adopted)) == Owner::ours);
    CHECK(Address::owner(vip, {}, desired, claims(vip, ClaimOrigin::unknown)) == Owner::ours);
    // What we made has been replaced by somebody else.
    CHECK(Address::owner(vip, {}, desired, claims(vip, ClaimOrigin::made)) == Owner::unrelated);
    desired.marks = false;  // Linux before 5.18: the ledger decides
    CHECK(Address::owner(vip, {}, desired, claims(vip, ClaimOrigin::made)) == Owner::ours);
    CHECK(Address::owner(vip, {}, desired, {}) == Owner::unrelated);
}

TEST_CASE("the node's own address is adopted at most: it is never removed, whatever the ledger says") {
    Desired desired;
    desired.marks = true;
    for (const char* id : {"192.0.2.9/24 eth0", "2001:db8::9/64 eth0"}) {
        const Address::Key own = key<Address>(id);
        for (const auto origin : {ClaimOrigin::made, ClaimOrigin::adopted, ClaimOrigin::unknown}) {
            desired.vips = {};
            CHECK(Address::owner(own, {}, desired, claims(own, origin)) == Owner::unrelated);
            desired.vips = {own.address};
            CHECK(Address::owner(own, {}, desired, claims(own, origin)) == Owner::foreign);
        }
        // It was adopted, and has our mark because it had to be put right.
        CHECK(Address::owner(own, {.protocol = tag}, desired, claims(own, ClaimOrigin::adopted)) == Owner::foreign);
        CHECK(Address::owner(own, {.protocol = tag}, desired, claims(own, ClaimOrigin::made)) == Owner::named);
        CHECK(Address::owner(own, {.protocol = tag}, desired, {}) == Owner::named);
        desired.marks = false;
        CHECK(Address::owner(own, {}, desired, claims(own, ClaimOrigin::made)) == Owner::named);
        CHECK(Address::owner(own, {}, desired, claims(own, ClaimOrigin::adopted)) == Owner::foreign);
        desired.marks = true;
    }
    // For IPv6 the bit of "secondary" says that the address is a temporary one.
    const Address::Key temporary = key<Address>("2001:db8::9/64 eth0");
    CHECK(Address::owner(temporary, {.flags = IFA_F_SECONDARY}, desired, {}) == Owner::foreign);
}

TEST_CASE("what the file names as the node's own is not removed, however it came about") {
    const auto node = world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.1"]
        vrrp = [{ name = "LB", vrid = 51, source = "192.0.2.5" }]
        [nodes]
        lb1 = { address = "192.0.2.1", priority = 255 }
        lb2 = { address = "192.0.2.2" }
    )",
                            {}, "lb1");
    const Desired desired = node.desired();
    CHECK(desired.own == std::vector{*IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.5")});
    const Address::Key vip = key<Address>("192.0.2.1/32 eth0");
    CHECK(Address::owner(vip, {.protocol = tag}, desired, claims(vip, ClaimOrigin::made)) == Owner::foreign);
    const Address::Key source = key<Address>("192.0.2.5/32 eth0");
    CHECK(Address::owner(source, {.protocol = tag}, desired, claims(source, ClaimOrigin::made)) == Owner::unrelated);
}

TEST_CASE("a VIP in another place is the configuration's, unless it looks like the node's own address") {
    Desired desired;
    desired.vips = {*IpAddress::parse("192.0.2.20")};
    CHECK(Address::owner(key<Address>("192.0.2.20/32 eth1"), {}, desired, {}) == Owner::named);
    CHECK(Address::owner(key<Address>("192.0.2.20/24 eth0"), {.flags = IFA_F_SECONDARY}, desired, {}) == Owner::named);
    CHECK(Address::owner(key<Address>("192.0.2.20/24 eth0"), {}, desired, {}) == Owner::foreign);
    CHECK(Address::owner(key<Address>("192.0.2.20/24 eth0"), {.protocol = 0x4c}, desired, {}) == Owner::named);
    desired.vips.push_back(*IpAddress::parse("2001:db8::20"));
    const Address::Key six = key<Address>("2001:db8::20/64 eth0");
    CHECK(Address::owner(six, {.flags = IFA_F_TEMPORARY}, desired, {}) == Owner::foreign);
    CHECK(Address::owner(six, {.beside = true}, desired, {}) == Owner::named);
    CHECK(Address::owner(six, {.later = true}, desired, {}) == Owner::foreign);
    // Also if the VIP is to be on this interface with another prefix, so that IPv6 has no room for it.
    desired.get<Address>().rows.put(key<Address>("2001:db8::20/128 eth0"), {});
    CHECK(Address::owner(six, {.later = true}, desired, {}) == Owner::foreign);
    CHECK(Address::owner(six, {.later = true, .beside = true}, desired, {}) == Owner::named);
    CHECK(Address::owner(six, {}, desired, {}) == Owner::foreign);
    CHECK(Address::owner(key<Address>("192.0.2.20/24 lo"), {}, desired, {}) ==
          Owner::named);  // makes the whole net local
}

TEST_CASE("an IPv6 address of the node itself, with another prefix, is an obstacle to the VIP") {
    const auto node = world(R"(
        role = "director"
        interface = "eth0"
        vips = ["2001:db8::20"]
    )"_text);
    const Desired desired = node.desired();
    Observed observed;
    observed.facts = node.facts;
    const Address::Key vip = key<Address>("2001:db8::20/128 eth0");
    const Address::Value value;
    const auto what = [&](const char* id, const Address::Facts& facts) {
        observed.get<Address>() = {};
        observed.get<Address>().put(key<Address>(id), {}, facts);
        const auto said = Address::obstacle({vip, nullptr, &value}, nullptr, {desired, observed, {}});
        return said ? said->what : "";
    };
    CHECK(what("2001:db8::20/64 eth0", {.later = true}) ==
          "address 2001:db8::20/128 dev eth0: the node has it there as an address of its own, 2001:db8::20/64 dev "
          "eth0, and IPv6 has an address once");
    CHECK(what("2001:db8::20/64 eth0", {.later = true, .beside = true}) == "");  // it is removed
    CHECK(what("2001:db8::20/64 eth0", {.protocol = tag}) == "");
    CHECK(what("2001:db8::20/64 eth1", {}) == "");
    CHECK(what("2001:db8::21/64 eth0", {}) == "");
}

TEST_CASE("a VIP leaves an answering interface first and lo last") {
    const auto node = world(R"(role = "director")" + pair);
    const Address::Value value;
    const Address::Key eth0 = key<Address>("192.0.2.20/32 eth0");
    const Address::Key lo = key<Address>("192.0.2.20/32 lo");
    CHECK(Address::phase({eth0, nullptr, &value}, node.inputs()) == Phase::bind);
    CHECK(Address::phase({lo, nullptr, &value}, node.inputs()) == Phase::bind);
    CHECK(Address::phase({eth0, &value, &value}, node.inputs()) == Phase::bind);
    CHECK(Address::phase({eth0, &value, nullptr}, node.inputs()) == Phase::withdraw);
    CHECK(Address::phase({lo, &value, nullptr}, node.inputs()) == Phase::unbind);
}

TEST_CASE("a VIP whose prefix changes stays, where the family can have both") {
    const auto master = world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20", "2001:db8::20"]
    )"_text);
    const auto backup = world(R"(role = "director")" + pair);
    const Address::Value value;
    const auto leaves = [&](const char* id, const test::World& node) {
        return Address::phase({key<Address>(id), &value, nullptr}, node.inputs());
    };
    CHECK(leaves("192.0.2.20/24 eth0", master) == Phase::unbind);
    CHECK(leaves("192.0.2.20/24 eth1", master) == Phase::withdraw);
    CHECK(leaves("192.0.2.99/24 eth0", master) == Phase::withdraw);
    CHECK(leaves("192.0.2.20/24 eth0", backup) == Phase::withdraw);
    CHECK(leaves("2001:db8::20/64 eth0", master) == Phase::withdraw);
    auto released = master;
    released.release = true;
    CHECK(leaves("192.0.2.20/24 eth0", released) == Phase::withdraw);
}

TEST_CASE("a refusal says what to do") {
    const Address::Key eth9 = key<Address>("192.0.2.20/32 eth9");
    const Error missing = Address::refusal({eth9, nullptr, nullptr}, ENODEV);
    CHECK(missing.what == "address 192.0.2.20/32 dev eth9: there is no interface eth9");
    CHECK(missing.hint.find("ip link") != std::string::npos);
    CHECK(Address::refusal({eth9, nullptr, nullptr}, EEXIST).kind == ErrorKind::world_moved);
    CHECK(Address::refusal({eth9, nullptr, nullptr}, EADDRNOTAVAIL).kind == ErrorKind::world_moved);
    CHECK(Address::refusal({eth9, nullptr, nullptr}, EPERM).kind == ErrorKind::not_permitted);
    CHECK(Address::refusal({eth9, nullptr, nullptr}, EACCES).kind == ErrorKind::not_permitted);
    const Address::Key six = key<Address>("2001:db8::20/128 eth0");
    CHECK(Address::refusal({six, nullptr, nullptr}, EPERM).kind == ErrorKind::not_permitted);
    CHECK(Address::refusal({six, nullptr, nullptr}, EACCES).what ==
          "address 2001:db8::20/128 dev eth0: IPv6 is switched off on eth0");
    CHECK(Address::refusal({six, nullptr, nullptr}, EACCES).hint.find("net.ipv6.conf.eth0.disable_ipv6") == 4);
    const Address::Key vlan = key<Address>("2001:db8::20/128 eth0.100");
    CHECK(Address::refusal({vlan, nullptr, nullptr}, EACCES).hint.find("net.ipv6.conf.eth0/100.disable_ipv6") == 4);
    CHECK(Address::refusal({six, nullptr, nullptr}, EAFNOSUPPORT).kind == ErrorKind::kernel_lacks);
}

TEST_CASE("each id is read back, and nothing else is an id") {
    for (const char* id : {"192.0.2.20/32 eth0", "192.0.2.20/24 eth0.100", "2001:db8::20/128 lo"}) {
        CHECK(Address::id(key<Address>(id)) == id);
    }
    CHECK(Address::display(key<Address>("192.0.2.20/32 eth0")) == "192.0.2.20/32 dev eth0");
    for (const char* id : {"", "192.0.2.20/32", "192.0.2.20/33 eth0", "x/32 eth0", "192.0.2.20/32 eth0123456789012"}) {
        CHECK_MESSAGE(!Address::parse_id(id), std::string(id));
    }
    CHECK_FALSE(
        Address::parse_id(std::string_view("192.0.2.20/32 eth\0"
                                           "0",
                                           19)));
}

}  // namespace lbconverge::kinds
