#include "lbconverge/kinds/real_server.hpp"

#include "messages.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <linux/ip_vs.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::key;
using test::rows_text;
using test::world;

const std::string web = R"(
interface = "eth0"
vips = ["192.0.2.20"]
vrrp = [{ name = "LB", vrid = 51 }]
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", { address = "192.0.2.4", weight = 0 }]
)";

constexpr const char* first = "tcp 192.0.2.20:80 192.0.2.3:80";

/// A destination as a dump shows it (linux: ip_vs_genl_fill_dest).
struct Dumped {
    const char* address = "c0000203 00000000 00000000 00000000";
    std::uint16_t family = 2;
    std::uint32_t forward = 3;
    std::uint8_t tunnel_type = 0;
    std::uint16_t tunnel_port = 0;
    std::uint16_t tunnel_flags = 0;

    [[nodiscard]] test::Message message() const {
        return test::ipvs_message(IPVS_CMD_NEW_DEST, IPVS_CMD_ATTR_DEST, [this](wire::Requests& out) {
            const auto bytes = test::from_hex(address);
            out.attribute(IPVS_DEST_ATTR_ADDR, bytes.data(), bytes.size());
            out.attribute_be16(IPVS_DEST_ATTR_PORT, 80);
            out.attribute_u32(IPVS_DEST_ATTR_FWD_METHOD, forward);
            out.attribute_u32(IPVS_DEST_ATTR_WEIGHT, 5);
            out.attribute_u8(IPVS_DEST_ATTR_TUN_TYPE, tunnel_type);
            out.attribute_be16(IPVS_DEST_ATTR_TUN_PORT, tunnel_port);
            out.attribute_u16(IPVS_DEST_ATTR_TUN_FLAGS, tunnel_flags);
            out.attribute_u32(IPVS_DEST_ATTR_U_THRESH, 100);
            out.attribute_u32(IPVS_DEST_ATTR_L_THRESH, 75);
            out.attribute_u32(IPVS_DEST_ATTR_ACTIVE_CONNS, 12);
            out.attribute_u32(IPVS_DEST_ATTR_INACT_CONNS, 34);
            out.attribute_u32(IPVS_DEST_ATTR_PERSIST_CONNS, 56);
            out.attribute_u16(IPVS_DEST_ATTR_ADDR_FAMILY, family);
        });
    }
};

Observed with_service(const char* id = "tcp 192.0.2.20:80") {
    Observed observed;
    observed.get<Service>().add(key<Service>(id), {});
    return observed;
}

std::string decoded(const Dumped& dumped, std::uint32_t tag = 0) {
    Observed observed = with_service();
    test::decode<RealServer>(dumped.message(), observed, wire::Transport::ipvs, tag);
    return rows_text(observed.get<RealServer>());
}

}  // namespace

TEST_CASE("a director has every server of its pools, those out of use too") {
    const Desired desired = world(R"(role = "director")" + web, {{"LB", ElectionState::undecided}}).desired();
    CHECK(rows_text(desired.get<RealServer>().rows) == R"(
        tcp 192.0.2.20:80 192.0.2.3:80
        tcp 192.0.2.20:80 192.0.2.4:80 weight=0
    )"_text);
    CHECK(world(R"(role = "real-server")" + web).desired().get<RealServer>().rows.empty());
}

TEST_CASE("the servers of role both come and go with their service, and are held with it") {
    const auto servers = [](ElectionState state) {
        return world(R"(role = "both")" + web, {{"LB", state}}).desired().get<RealServer>();
    };
    CHECK(servers(ElectionState::master).rows.size() == 2);
    CHECK(servers(ElectionState::backup).rows.empty());
    CHECK(servers(ElectionState::undecided).rows.empty());
    CHECK(test::held_text(servers(ElectionState::undecided)) == R"(
        tcp 192.0.2.20:80 192.0.2.3:80: the election is undecided
        tcp 192.0.2.20:80 192.0.2.4:80: the election is undecided
    )"_text);
}

TEST_CASE("every setting of a real server arrives in its row") {
    const auto row = [](const std::string& server) {
        const Desired desired = world(R"(
            role = "director"
            vips = ["192.0.2.20"]
            interface = "eth0"
            [[service]]
            vip = "192.0.2.20"
            port = 80
            real_servers = [{ address = "192.0.2.3", $ }]
        )"_with(server))
                                    .desired();
        return rows_text(desired.get<RealServer>().rows).substr(std::string(first).size());
    };
    CHECK(row("weight = 7") == " weight=7\n");
    CHECK(row("upper_threshold = 100, lower_threshold = 75") == " upper_threshold=100 lower_threshold=75\n");
    CHECK(row(R"(forward = "masquerade")") == " forward=masquerade\n");
    CHECK(row(R"(forward = "tunnel")") == " forward=tunnel\n");
    CHECK(row(R"(forward = "tunnel", tunnel_type = "gue", tunnel_port = 6080)") ==
          " forward=tunnel tunnel_type=gue tunnel_port=6080\n");
    CHECK(row(R"(forward = "tunnel", tunnel_type = "gre")") == " forward=tunnel tunnel_type=gre\n");
}

TEST_CASE("a dumped server is read with its connections beside it") {
    CHECK(decoded({}) ==
          "tcp 192.0.2.20:80 192.0.2.3:80 weight=5 upper_threshold=100 lower_threshold=75 | active=12 inactive=34 "
          "persistent=56\n");
    CHECK(decoded({.forward = 0}).find(" forward=masquerade ") != std::string::npos);
}

TEST_CASE("what keeps a server while it drains: of what is not TCP also what IPVS does not call established") {
    const RealServer::Facts facts{.active = 1, .inactive = 20, .persistent = 300};
    const auto connections = [&](const char* id) { return RealServer::connections(key<RealServer>(id), facts); };
    CHECK(connections(first) == 301);
    CHECK(connections("udp 192.0.2.20:53 192.0.2.3:53") == 321);
    CHECK(connections("sctp [2001:db8::20]:53 [2001:db8::3]:53") == 321);
    CHECK(connections("fwmark 7 ipv4 192.0.2.3:80") == 321);
    CHECK(RealServer::connections(key<RealServer>(first), {.inactive = 20}) == 0);
    CHECK(RealServer::connections(key<RealServer>(first), {.active = UINT32_MAX, .persistent = 1}) == UINT32_MAX);
}

TEST_CASE("the servers of a service are read again when they came in pieces and one that should be there is missing") {
    const Desired desired = world(R"(role = "director")" + web, {{"LB", ElectionState::undecided}}).desired();
    const Reading reading{.ipvs = true, .desired = &desired};
    Observed observed = with_service();
    const auto asked = [&](const Reading& what, const std::vector<std::uint32_t>& in_pieces) {
        wire::Requests requests;
        RealServer::ask_again(what, in_pieces, observed, requests);
        return requests.list().size();
    };
    CHECK(asked(reading, {0}) == 1);
    CHECK(asked(reading, {}) == 0);
    CHECK(asked({.ipvs = true}, {0}) == 0);
    observed.get<RealServer>().put(key<RealServer>(first), {});
    CHECK(asked(reading, {0}) == 1);
    observed.get<RealServer>().put(key<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80"), {});
    CHECK(asked(reading, {0}) == 0);
}

TEST_CASE("tunnel attributes count only where they are used") {
    const auto tunnel = [](Dumped dumped) {
        const std::string text = decoded(dumped);
        return text.substr(std::string(first).size(), text.find(" weight") - std::string(first).size());
    };
    CHECK(tunnel({.forward = 3, .tunnel_type = 1, .tunnel_port = 6080, .tunnel_flags = 1}).empty());
    CHECK(tunnel({.forward = 2, .tunnel_port = 6080, .tunnel_flags = 1}) == " forward=tunnel");
    CHECK(tunnel({.forward = 2, .tunnel_type = 1, .tunnel_port = 6080, .tunnel_flags = 1}) ==
          " forward=tunnel tunnel_type=gue tunnel_port=6080 tunnel_flags=1");
    CHECK(tunnel({.forward = 2, .tunnel_type = 2, .tunnel_port = 6080, .tunnel_flags = 1}) ==
          " forward=tunnel tunnel_type=gre tunnel_flags=1");
}

TEST_CASE("a server without a family has that of its service; one of another family keeps its own") {
    CHECK(decoded({.family = 0}).starts_with(first));
    const std::string mixed = decoded({.address = "20010db8 00000000 00000000 00000003", .family = 10, .forward = 2});
    CHECK(mixed.starts_with("tcp 192.0.2.20:80 [2001:db8::3]:80 forward=tunnel"));
    CHECK(decoded({.family = 7}).empty());
}

TEST_CASE("the tag says which service a server belongs to") {
    CHECK(decoded({}, 1).empty());  // there is only one
    Observed observed;
    test::decode<RealServer>(Dumped{}.message(), observed);
    CHECK(observed.get<RealServer>().empty());
}

TEST_CASE("a dump shows the servers of each service in the order of the kernel's list") {
    Observed observed = with_service();
    observed.get<Service>().add(key<Service>("tcp 192.0.2.20:81"), {});
    for (const char* each : {"c0000204 00000000 00000000 00000000", "c0000203 00000000 00000000 00000000"}) {
        test::decode<RealServer>(Dumped{.address = each}.message(), observed);
    }
    test::decode<RealServer>(Dumped{}.message(), observed, wire::Transport::ipvs, 1);
    observed.get<RealServer>().finish();
    const auto position = [&](const char* id) {
        return observed.get<RealServer>().note(observed.get<RealServer>().find(key<RealServer>(id))).position;
    };
    CHECK(position("tcp 192.0.2.20:80 192.0.2.4:80") == 0);
    CHECK(position("tcp 192.0.2.20:80 192.0.2.3:80") == 1);
    CHECK(position("tcp 192.0.2.20:81 192.0.2.3:80") == 0);
}

TEST_CASE("a server that is cut off anywhere is no danger") {
    test::decode_every_beginning<RealServer>(Dumped{}.message(), with_service(), wire::Transport::ipvs);
}

TEST_CASE("the servers of each service are asked for in a dump of their own") {
    Observed observed = with_service();
    observed.get<Service>().put(key<Service>("fwmark 7 ipv4"), {});
    wire::Requests requests;
    RealServer::ask({.ipvs = true}, observed, requests);
    REQUIRE(requests.list().size() == 2);
    CHECK(requests.list()[1].tag == 1);
    CHECK(requests.list()[1].dump);
    requests.clear();
    RealServer::ask({.ipvs = false}, observed, requests);
    CHECK(requests.empty());
}

TEST_CASE("a new server is written with every attribute that the kernel wants") {
    const RealServer::Value value{.weight = 2, .upper_threshold = 100, .lower_threshold = 75};
    CHECK(test::encoded<RealServer>({.key = key<RealServer>(first), .before = nullptr, .after = &value}) ==
          "05010000"  // IPVS_CMD_NEW_DEST
          "30000180"
          "0600010002000000"
          "0600020006000000"  // service
          "14000300c0000214000000000000000000000000"
          "0600040000500000"
          "48000280"
          "06000b0002000000"
          "14000100c0000203000000000000000000000000"  // server: family, address
          "0600020000500000"
          "0800030003000000"
          "0800040002000000"  // port, direct, weight
          "0800050064000000"
          "080006004b000000"
          "\n");  // thresholds
}

TEST_CASE("a tunnel is written whole: what is left out the kernel sets back") {
    const RealServer::Value before;
    const RealServer::Value after{
        .forward = Forward::tunnel, .tunnel_type = TunnelType::gue, .tunnel_port = 6080, .tunnel_flags = 1};
    const std::string text = test::encoded<RealServer>({key<RealServer>(first), &before, &after});
    CHECK(text.starts_with("06010000"));  // IPVS_CMD_SET_DEST
    CHECK(
        text.ends_with("05000d0001000000"
                       "06000e0017c00000"
                       "06000f0001000000"
                       "\n"));
}

TEST_CASE("a removal names service and server") {
    const RealServer::Value before;
    const std::string text = test::encoded<RealServer>({key<RealServer>(first), &before, nullptr});
    CHECK(text.starts_with("07010000"));  // IPVS_CMD_DEL_DEST
    CHECK(
        text.ends_with("14000100c0000203000000000000000000000000"
                       "0600020000500000"
                       "\n"));
}

TEST_CASE("a server is made again in one batch, and no packet of its connections ends them meanwhile") {
    const RealServer::Value value;
    kinds::Change<RealServer> change{key<RealServer>(first), &value, &value};
    change.again = true;
    const auto commands = [&](const HostFacts& facts) {
        std::string text;
        wire::Requests requests;
        RealServer::encode(change, facts, 0, requests);
        for (const wire::Request& each : requests.list()) {
            const bool file = each.transport == wire::Transport::file;
            const auto bytes = requests.bytes(each);
            const auto code = std::to_integer<int>(file ? bytes.back() : bytes[NLMSG_HDRLEN]);
            text += file ? std::string("file ") + static_cast<char>(code) + " " : std::to_string(code) + " ";
        }
        return text;
    };
    CHECK(commands({}) == "7 5 ");  // IPVS_CMD_DEL_DEST, IPVS_CMD_NEW_DEST
    CHECK(commands({.expire_nodest_conn = true}) == "file 0 7 5 file 1 ");
    const RealServer::Value out_of_use{.weight = 0};
    change.after = &out_of_use;
    CHECK(commands({}) == "7 5 ");
    change.first_weight = 3;
    CHECK(commands({.expire_nodest_conn = true}) == "file 0 7 5 6 file 1 ");  // IPVS_CMD_SET_DEST
    change.before = nullptr;
    change.again = false;
    CHECK(commands({.expire_nodest_conn = true}) == "5 6 ");
}

TEST_CASE("what is written is what is read again") {
    const RealServer::Value value{.forward = Forward::tunnel,
                                  .tunnel_type = TunnelType::gre,
                                  .tunnel_flags = 1,
                                  .weight = 9,
                                  .upper_threshold = 2,
                                  .lower_threshold = 1};
    const RealServer::Key server = key<RealServer>("tcp 192.0.2.20:80 [2001:db8::3]:80");
    wire::Requests requests;
    RealServer::encode({.key = server, .before = nullptr, .after = &value}, {}, 0, requests);
    Observed observed = with_service();
    RealServer::decode({wire::Transport::ipvs, 0, requests.bytes(requests.list()[0])}, {}, observed);
    REQUIRE(observed.get<RealServer>().size() == 1);
    CHECK(observed.get<RealServer>().row(0).key == server);
    CHECK(observed.get<RealServer>().row(0).value == value);
}

TEST_CASE("every server of a service of ours is ours, and nobody else's is shown") {
    const RealServer::Key server = key<RealServer>(first);
    Desired desired;
    Ledger ledger;
    CHECK(RealServer::owner(server, {}, desired, ledger) == Owner::unrelated);
    ledger.get<Service>().push_back({server.service});
    CHECK(RealServer::owner(server, {}, desired, ledger) == Owner::ours);
    desired.get<Service>().rows.add(server.service, {});
    CHECK(RealServer::owner(server, {}, desired, {}) == Owner::ours);
    desired = {};
    desired.get<Service>().unwanted.push_back(server.service);
    CHECK(RealServer::owner(server, {}, desired, {}) == Owner::named);
}

TEST_CASE("a server goes out of use after its replacement came, and is removed last") {
    const RealServer::Key server = key<RealServer>(first);
    const RealServer::Value one{.weight = 1};
    const RealServer::Value two{.weight = 2};
    const RealServer::Value none{.weight = 0};
    const auto director = world(R"(role = "director")" + web);
    const auto both = world(R"(role = "both")" + web, {{"LB", ElectionState::backup}});
    CHECK(RealServer::phase({server, nullptr, &one}, director.inputs()) == Phase::load);
    CHECK(RealServer::phase({server, nullptr, &none}, director.inputs()) == Phase::load);
    CHECK(RealServer::phase({server, &one, &two}, director.inputs()) == Phase::load);
    CHECK(RealServer::phase({server, &none, &one}, director.inputs()) == Phase::load);
    CHECK(RealServer::phase({server, &one, &none}, director.inputs()) == Phase::quiesce);
    CHECK(RealServer::phase({server, &one, nullptr}, director.inputs()) == Phase::unload);
    CHECK(RealServer::phase({server, &one, nullptr}, both.inputs()) == Phase::withdraw);
    CHECK(RealServer::phase({.key = server, .before = &one, .after = &none, .again = true}, director.inputs()) ==
          Phase::load);
}

TEST_CASE("a refusal says what to do") {
    const RealServer::Key server = key<RealServer>(first);
    const RealServer::Value value;
    for (const int error : {EEXIST, ESRCH, ENOENT}) {
        CHECK(RealServer::refusal({server, nullptr, &value}, error).kind == ErrorKind::world_moved);
    }
    const Error invalid = RealServer::refusal({server, nullptr, &value}, EINVAL);
    CHECK(invalid.kind == ErrorKind::failed);
    CHECK(invalid.what == "real server 192.0.2.3:80 of tcp 192.0.2.20:80: the kernel refuses it");
    CHECK(invalid.hint.find("unicast") != std::string::npos);
    CHECK(RealServer::refusal({server, nullptr, &value}, EACCES).kind == ErrorKind::not_permitted);
}

TEST_CASE("each id is read back, and nothing else is an id") {
    for (const char* id : {first, "fwmark 7 ipv4 192.0.2.3:0", "tcp [2001:db8::20]:80 [2001:db8::3]:8080"}) {
        CHECK(RealServer::id(key<RealServer>(id)) == id);
    }
    CHECK(RealServer::display(key<RealServer>(first)) == "192.0.2.3:80");
    for (const char* id : {"", "192.0.2.3:80", "tcp 192.0.2.20:80", "tcp 192.0.2.20:80 192.0.2.3",
                           "tcp 192.0.2.20:80 192.0.2.3:80 ", "fwmark 7 192.0.2.3:80"}) {
        CHECK_MESSAGE(!RealServer::parse_id(id), std::string(id));
    }
}

}  // namespace lbconverge::kinds
