#include "lbconverge/kinds/traffic.hpp"

#include "lbconverge/kinds/via_vip.hpp"
#include "unit/traffic.hpp"

namespace lbconverge::kinds {

namespace {

constexpr Traffic much{.connections = 1, .in_packets = 5'000'000'000, .out_packets = 2, .in_bytes = 3, .out_bytes = 4};

TrafficTable with_services() {
    TrafficTable table;
    test::add_service(table, "tcp 192.0.2.21:80", {});
    test::add_service(table, "tcp 192.0.2.20:80", much);
    test::add_service(table, "fwmark 7 ipv6", {});
    table.finish_services();
    return table;
}

}  // namespace

TEST_CASE("counters have 64 bits, whichever of the two lists comes first") {
    TrafficTable table = with_services();
    test::add_server(table, 0, "192.0.2.3", 80, {.weight = 3, .active = 4, .inactive = 5, .traffic = much});
    table.finish_servers();
    REQUIRE(table.services().size() == 3);
    CHECK(Service::id(table.services()[0].key) == "tcp 192.0.2.20:80");
    CHECK(table.services()[0].traffic == much);
    CHECK(Service::id(table.services()[2].key) == "fwmark 7 ipv6");
    REQUIRE(table.servers().size() == 1);
    CHECK(table.servers()[0].traffic == much);
    CHECK(table.servers()[0].weight == 3);
    CHECK(table.servers()[0].active == 4);
    CHECK(table.servers()[0].inactive == 5);
}

TEST_CASE("an old kernel's counters of 32 bits are better than none") {
    const auto message = test::ipvs_message(IPVS_CMD_NEW_SERVICE, IPVS_CMD_ATTR_SERVICE, [](wire::Requests& out) {
        Service::encode_key(test::key<Service>("tcp 192.0.2.20:80"), out);
        test::add_narrow_counters(out, IPVS_SVC_ATTR_STATS, {.connections = 9, .in_packets = 8, .in_bytes = 7});
    });
    TrafficTable table;
    table.take({wire::Transport::ipvs, 0, message});
    CHECK(table.services()[0].traffic == Traffic{.connections = 9, .in_packets = 8, .in_bytes = 7});
}

TEST_CASE("each server is with its service, and once") {
    TrafficTable table = with_services();
    test::add_server(table, 1, "192.0.2.4", 80, {});
    test::add_server(table, 0, "192.0.2.4", 80, {});
    test::add_server(table, 0, "192.0.2.3", 80, {});
    test::add_server(table, 0, "192.0.2.4", 80, {});  // a list that changes while it is read
    test::add_server(table, 2, "2001:db8::3", 0, {});
    test::add_server(table, 3, "192.0.2.5", 80, {});  // of no service
    table.finish_servers();
    REQUIRE(table.servers_of(0).size() == 2);
    CHECK(to_text(table.servers_of(0)[0].address) == "192.0.2.3");
    CHECK(to_text(table.servers_of(0)[1].address) == "192.0.2.4");
    CHECK(table.servers_of(1).size() == 1);
    REQUIRE(table.servers_of(2).size() == 1);
    CHECK(to_text(table.servers_of(2)[0].address) == "2001:db8::3");
}

TEST_CASE("services that only a check uses are not counted") {
    TrafficTable table;
    const std::string id = "fwmark " + std::to_string(first_probe_mark) + " ipv4";
    test::add_service(table, id.c_str(), {});
    test::add_service(table, "fwmark 7 ipv4", {});
    table.finish_services();
    CHECK(table.services().size() == 1);
}

TEST_CASE("every beginning of a message is read without harm") {
    const auto service = test::service_message("tcp 192.0.2.20:80", much);
    const auto server = test::server_message("192.0.2.3", 80, {.traffic = much});
    for (const test::Message* each : {&service, &server}) {
        for (std::size_t size = 0; size < each->size(); ++size) {
            TrafficTable table = with_services();
            const test::Message part(each->begin(), each->begin() + static_cast<std::ptrdiff_t>(size));
            table.take({wire::Transport::ipvs, 0, part});
        }
    }
}

TEST_CASE("the questions are for all services, and then for the servers of each") {
    wire::Requests requests;
    TrafficTable::ask_services(requests);
    REQUIRE(requests.list().size() == 1);
    CHECK(requests.list()[0].dump);
    requests.clear();
    with_services().ask_servers(requests);
    REQUIRE(requests.list().size() == 3);
    CHECK(requests.list()[2].tag == 2);
    CHECK(requests.list()[2].dump);
}

}  // namespace lbconverge::kinds
