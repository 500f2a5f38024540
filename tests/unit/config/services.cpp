#include "reading.hpp"

namespace lbconverge::config {

namespace {

/// A director with one [[service]] of 192.0.2.20:80; what is given begins at line 6.
Reading read_service(const std::string& text) {
    return read_director(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
    )"_text + text);
}

Reading read_marked(const std::string& text) {
    return read_director(R"(
        [[service]]
        fwmark = 7
    )"_text + text);
}

}  // namespace

TEST_CASE("what gets the mark of a service") {
    const Reading reading = read_marked(R"(marks = ["tcp 192.0.2.20:80", "udp 192.0.2.20:80"])");
    const std::vector<Marked>& marks = reading.good().services.at(0).marks;
    REQUIRE(marks.size() == 2);
    CHECK(lbconverge::to_text(marks[1].destination) == "udp 192.0.2.20:80");
    CHECK(marks[1].source.line == 5);
    const std::string wrong = "lb.toml:5:10: error: what gets a mark is a protocol and an address of the service's";
    for (const char* text : {"80", R"("192.0.2.20:80")", R"("tcp 192.0.2.20")", R"("tcp 192.0.2.20:0")",
                             R"("icmp 192.0.2.20:80")", R"("tcp [2001:db8::20]:80")"}) {
        CHECK_SAYS_ONLY(read_marked("marks = [" + std::string(text) + "]\n"), wrong);
    }
    CHECK_SAYS_ONLY(read_marked(R"(marks = "tcp 192.0.2.20:80")"), "must be a list of strings");
    CHECK_SAYS_ONLY(read_marked(R"(
        marks = ["tcp 192.0.2.20:80"]
        [[service]]
        fwmark = 8
        marks = ["tcp 192.0.2.20:80"]
    )"_text),
                    "lb.toml:8:10: error: tcp 192.0.2.20:80 gets a mark twice (first at lb.toml:5:10)");
}

TEST_CASE("a service with its defaults") {
    const Reading reading = read_service(R"(real_servers = ["192.0.2.3"])");
    REQUIRE(reading.good().services.size() == 1);
    const Service& service = reading.good().services[0];
    CHECK(to_text(service.vip) == "192.0.2.20");
    CHECK(service.port == 80);
    CHECK(service.protocol == Protocol::tcp);
    CHECK(service.fwmark == 0);
    CHECK(service.scheduler == ShortName("wlc"));
    CHECK(service.forward == Forward::direct);
    CHECK(service.persistence == 0);
    CHECK(service.persistence_mask == 32);
    CHECK_FALSE(service.one_packet);
    CHECK(service.check == -1);
    CHECK(service.quorum == 1);
    CHECK(service.on_down == OnDown::remove);
    CHECK(service.keep == 50);
    CHECK(service.drain_timeout == std::chrono::seconds(60));
    CHECK(service.active == Active::always);
    CHECK_FALSE(service.fallback);
    CHECK(service.source == Source{3, 1, 0});
    REQUIRE(service.real_servers.size() == 1);
    CHECK(service.real_servers[0].port == 80);
    CHECK(service.real_servers[0].weight == 1);
    CHECK(service.real_servers[0].check == -1);
}

TEST_CASE("a service with everything") {
    const Reading reading = read_service(R"(
        protocol = "udp"
        name = "dns"
        scheduler = "wrr"
        forward = "masquerade"
        persistence = "5m"
        persistence_mask = "255.255.255.0"
        persistence_engine = "sip"
        one_packet = true
        check = "tcp"
        quorum = 2
        on_down = "remove"
        drain_timeout = "1500ms"
        active = "master"
        real_servers = ["192.0.2.3:53", "192.0.2.4"]
        fallback = "192.0.2.9:8080"
    )"_text);
    const Service& service = reading.good().services.at(0);
    CHECK(service.name == "dns");
    CHECK(service.protocol == Protocol::udp);
    CHECK(service.scheduler == ShortName("wrr"));
    CHECK(service.persistence == 300);
    CHECK(service.persistence_mask == 24);
    CHECK(service.persistence_engine == ShortName("sip"));
    CHECK(service.one_packet);
    REQUIRE(service.check == 0);
    CHECK(reading.good().checks.at(0).type == CheckType::tcp);
    CHECK(service.quorum == 2);
    CHECK(service.on_down == OnDown::remove);
    CHECK(service.drain_timeout == std::chrono::milliseconds(1500));
    CHECK(service.active == Active::master);
    CHECK(service.real_servers[0].port == 53);
    CHECK(service.real_servers[0].forward == Forward::masquerade);
    CHECK(service.real_servers[1].port == 80);
    REQUIRE(service.fallback);
    CHECK(service.fallback->port == 8080);
}

TEST_CASE("role both: a service is active on the master only, unless the file says otherwise") {
    const std::string rest = R"(
        interface = "eth0"
        [[service]]
        vip = "192.0.2.20"
        port = 80
    )"_text;
    CHECK(read(R"(
        role = "both"
    )"_text + rest)
              .good()
              .services[0]
              .active == Active::master);
    CHECK(read(R"(
        role = "both"
    )"_text + rest +
               R"(
        active = "always"
    )"_text)
              .good()
              .services[0]
              .active == Active::always);
}

TEST_CASE("several ports are several services, each with its real servers") {
    const Reading reading = read_director(R"(
        [[service]]
        vip = "192.0.2.20"
        port = [80, 443]
        real_servers = ["192.0.2.3", { address = "192.0.2.4", check = "tcp" }]
    )"_text);
    const auto& services = reading.good().services;
    REQUIRE(services.size() == 2);
    CHECK(services[0].port == 80);
    CHECK(services[1].port == 443);
    CHECK(services[0].real_servers[0].port == 80);
    CHECK(services[1].real_servers[0].port == 443);
    REQUIRE(reading.good().checks.size() == 1);
    CHECK(services[1].real_servers[1].check == 0);
    CHECK(services[1].source == services[0].source);
}

TEST_CASE("a VIP by its name") {
    const std::string vip = R"(
        [[vip]]
        address = "192.0.2.20"
        name = "web"
    )"_text;
    const Reading reading = read_director(vip + R"(
        [[service]]
        vip = "web"
        port = 80
    )"_text);
    CHECK(to_text(reading.good().services.at(0).vip) == "192.0.2.20");
    CHECK(reading.good().services.at(0).vip_name == "web");
    CHECK_SAYS_ONLY(
        read_director(vip + R"(
        [[service]]
        vip = "wep"
        port = 80
    )"_text),
        R"(lb.toml:7:7: error: "wep" is neither an IP address nor the name of a VIP; hint: did you mean "web"?)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[service]]
        vip = "192.0.2.20:80"
        port = 80
    )"_text),
                    "without prefix and port");
    CHECK_SAYS_ONLY(read_director(R"(
        [[service]]
        vip = "0.0.0.0"
        port = 80
    )"_text),
                    "cannot be the VIP of a service");
}

TEST_CASE("a service by firewall mark") {
    const Reading reading = read_marked(R"(
        family = "ipv6"
        real_servers = ["2001:db8::3"]
    )"_text);
    const Service& service = reading.good().services.at(0);
    CHECK(service.fwmark == 7);
    CHECK(service.vip.family == Family::ipv6);
    CHECK(service.port == 0);
    CHECK(service.real_servers.at(0).port == 0);
    CHECK(read_marked("").good().services.at(0).vip.family == Family::ipv4);
    CHECK(read_director(R"(
        [[service]]
        fwmark = 4294967295
    )"_text)
              .good()
              .services.at(0)
              .fwmark == 0xffffffff);
}

TEST_CASE("a mark excludes VIP, port and protocol") {
    const Reading reading = read_marked(R"(
        vip = "192.0.2.1"
        port = 80
        protocol = "tcp"
    )"_text);
    CHECK_SAYS(reading, R"(lb.toml:5:7: error: a service with a fwmark has no "vip")");
    CHECK_SAYS(reading, R"(has no "port")");
    CHECK_SAYS(reading, R"(has no "protocol")");
    CHECK_SAYS_ONLY(read_service(R"(family = "ipv4")"), "only a service with a fwmark has a family");
    CHECK_SAYS_ONLY(read_service("marks = []\n"), "only a service with a fwmark marks packets");
    CHECK_SAYS_ONLY(read_director(R"(
        [[service]]
        fwmark = 0
    )"_text),
                    R"("fwmark" of a service must be a number from 1 to 4294967295)");
}

TEST_CASE("a service needs to be identified") {
    const Reading reading = read_director(R"(
        [[service]]
        scheduler = "rr"
    )"_text);
    CHECK_SAYS(reading, "lb.toml:3:1: error: a service needs a vip or a fwmark");
    CHECK_SAYS(reading, "a service of a VIP needs a port");
    for (const char* port : {R"("80")", "65536", "-1", "80.5", R"([80, "x"])", "[]"}) {
        CHECK_SAYS_ONLY(read_director(R"(
            [[service]]
            vip = "192.0.2.20"
            port = $
        )"_with(port)),
                        R"("port" of a service)");
    }
    CHECK_SAYS_ONLY(read_service(R"(protocol = "icmp")"), R"("tcp", "udp" or "sctp", not "icmp")");
}

TEST_CASE("the same service twice is an error that names both places") {
    const std::string again = R"(
        [[service]]
        vip = "192.0.2.20"
        port = [443, 80]
    )"_text;
    CHECK_SAYS_ONLY(read_service(again),
                    "lb.toml:6:1: error: service tcp 192.0.2.20:80 is there twice (first at lb.toml:3:1)");
    CHECK(read_service(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
        protocol = "udp"
    )"_text)
              .good()
              .services.size() == 2);
    CHECK_SAYS_ONLY(read_marked(R"(
        [[service]]
        fwmark = 7
    )"_text),
                    "service fwmark 7 is there twice (first at lb.toml:3:1)");
    CHECK(read_marked(R"(
        [[service]]
        fwmark = 7
        family = "ipv6"
    )"_text)
              .good()
              .services.size() == 2);
    CHECK(read_marked(R"(
        [[service]]
        fwmark = 8
    )"_text)
              .good()
              .services.size() == 2);
}

TEST_CASE("the same real server twice in a service is an error that names both places") {
    CHECK_SAYS_ONLY(
        read_service(R"(real_servers = ["192.0.2.3", "192.0.2.4", "192.0.2.3:80"])"),
        "lb.toml:6:43: error: real server 192.0.2.3:80 is there twice in this service (first at lb.toml:6:17)");
    CHECK(read_service(R"(
        forward = "masquerade"
        real_servers = ["192.0.2.3:81", "192.0.2.3:80"]
    )"_text)
              .good()
              .services.size() == 1);
}

TEST_CASE("LVS11: only masquerading can change the port") {
    CHECK_SAYS_ONLY(read_service(R"(real_servers = ["192.0.2.3:8080"])"),
                    R"(lb.toml:6:17: error: forward = "direct" to another port)");
    CHECK_SAYS_ONLY(read_service(R"(real_servers = ["192.0.2.3:8080"])"), "[LVS11]");
    CHECK_SAYS_ONLY(read_service(R"(
        forward = "tunnel"
        real_servers = ["192.0.2.3:8080"]
    )"_text),
                    "[LVS11]");
    CHECK_SAYS_ONLY(read_service(R"(fallback = "192.0.2.3:8080")"), "[LVS11]");
    CHECK_SAYS_ONLY(read_marked(R"(real_servers = ["192.0.2.3:8080"])"), "arrives at the port that the client used");
    CHECK(read_service(R"(real_servers = ["192.0.2.3:80"])").good().services[0].real_servers[0].port == 80);
    CHECK(read_service(R"(
        forward = "masquerade"
        real_servers = ["192.0.2.3:8080"]
    )"_text)
              .good()
              .services[0]
              .real_servers[0]
              .port == 8080);
}

TEST_CASE("a real server that redirects may listen elsewhere; the director still sends to the service's port") {
    const std::string file = R"(
        interface = "eth0"
        [nodes]
        lb = { role = "director" }
        ws = { role = "real-server" }
        [[vip]]
        address = "192.0.2.20"
        accept = "redirect"
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.3:3753"]
    )"_text;
    CHECK(read(file, "ws").good().services[0].real_servers[0].port == 3753);
    CHECK(read(file, "lb").good().services[0].real_servers[0].port == 80);
}

TEST_CASE("LVS22: every port needs persistence") {
    const std::string service = R"(
        [[service]]
        vip = "192.0.2.20"
        port = 0
    )"_text;
    CHECK_SAYS_ONLY(read_director(service), "[LVS22]");
    CHECK(read_director(service + R"(
        persistence = "300s"
    )"_text)
              .good()
              .services[0]
              .port == 0);
}

TEST_CASE("families mix in a tunnel only") {
    CHECK_SAYS_ONLY(read_service(R"(real_servers = ["2001:db8::3"])"),
                    R"(other address family than its service needs forward = "tunnel"; hint: use an IPv4 address)");
    CHECK(read_service(R"(
        forward = "tunnel"
        real_servers = ["2001:db8::3"]
    )"_text)
              .good()
              .services[0]
              .real_servers.size() == 1);
    CHECK_SAYS_ONLY(read_marked(R"(real_servers = ["2001:db8::3"])"), "other address family");
}

TEST_CASE("persistence is whole seconds, and its details need it") {
    CHECK_SAYS_ONLY(read_service(R"(persistence = "1500ms")"), "must be whole seconds");
    CHECK_SAYS_ONLY(read_service(R"(persistence = "0s")"), "must be from 1s to 31d");
    CHECK_SAYS_ONLY(read_service("persistence = 300\n"),
                    "must be a duration, not a number; hint: write a number with its unit");
    CHECK_SAYS_ONLY(read_service("persistence_mask = 24\n"),
                    R"("persistence_mask" without "persistence" does nothing)");
    CHECK_SAYS_ONLY(read_service(R"(persistence_engine = "sip")"),
                    R"("persistence_engine" without "persistence" does nothing)");
    CHECK_SAYS_ONLY(read_service(R"(
        persistence = "1s"
        persistence_engine = "sap"
    )"_text),
                    R"(there is no persistence engine "sap")");
}

TEST_CASE("a persistence mask is a netmask or a prefix length") {
    const auto mask = [](const std::string& value) {
        return read_service(R"(
            persistence = "1s"
            persistence_mask = $
        )"_with(value));
    };
    CHECK(mask("8").good().services[0].persistence_mask == 8);
    CHECK(mask(R"("255.255.255.255")").good().services[0].persistence_mask == 32);
    CHECK(mask(R"("128.0.0.0")").good().services[0].persistence_mask == 1);
    for (const char* wrong : {R"("255.0.255.0")", R"("0.0.0.0")", R"("24")", R"("ffff::")"}) {
        CHECK_SAYS_ONLY(mask(wrong), "is not a persistence mask");
    }
    CHECK_SAYS_ONLY(mask("33"), "a number from 1 to 32, not 33");
    CHECK(read_director(R"(
        [[service]]
        vip = "2001:db8::20"
        port = 80
        persistence = "1s"
        persistence_mask = 64
    )"_text)
              .good()
              .services[0]
              .persistence_mask == 64);
    CHECK_SAYS_ONLY(read_director(R"(
        [[service]]
        vip = "2001:db8::20"
        port = 80
        persistence = "1s"
        persistence_mask = "255.0.0.0"
    )"_text),
                    "for IPv6, write the prefix length");
}

TEST_CASE("unknown words in a service") {
    const Reading reading = read_service(R"(
        schedular = "rr"
        on_down = "kill"
        active = "never"
        forward = "nat"
        quorum = 0
    )"_text);
    CHECK_SAYS(reading, R"(unknown key "schedular" in a service; hint: did you mean "scheduler"?)");
    CHECK_SAYS(reading, R"("drain" or "remove", not "kill")");
    CHECK_SAYS(reading, R"("always" or "master", not "never")");
    CHECK_SAYS(reading, R"("direct", "tunnel" or "masquerade", not "nat")");
    CHECK_SAYS(reading, R"("quorum" of a service must be a number from 1)");
}

TEST_CASE("a wrong service is told, and the others are still looked at") {
    const Reading reading = read_director(R"(
        [[service]]
        port = 80
        [[service]]
        vip = "192.0.2.20"
        port = 80
        scheduler = "x"
    )"_text);
    CHECK_SAYS(reading, "needs a vip or a fwmark");
    CHECK_SAYS(reading, R"(there is no scheduler "x")");
}

}  // namespace lbconverge::config
