#include "lbconverge/health/drain.hpp"

#include "unit/world.hpp"

#include <doctest/doctest.h>

namespace lbconverge::health {

namespace {

const config::Config& config() {
    static const config::Config read = test::world(R"(
        interface = "eth0"
        vips = ["192.0.2.20"]
        [nodes]
        lb1 = { role = "director", address = "192.0.2.1" }
        ws1 = { role = "real-server", address = "192.0.2.3" }
        [[service]]
        name = "web"
        vip = "192.0.2.20"
        port = [80, 443]
        real_servers = ["ws1", "192.0.2.4"]
        [[service]]
        vip = "192.0.2.20"
        port = 25
        real_servers = ["192.0.2.4"]
    )"_text,
                                                   {}, "lb1")
                                           .config;
    return read;
}

std::string read(const std::string& text, bool undo = false) {
    const auto drains = parse_drain(text, config(), undo);
    if (!drains) return drains.error().what;
    std::string out;
    for (const kinds::Drained& each : *drains) out += (out.empty() ? "" : ", ") + to_text(each);
    return out;
}

}  // namespace

TEST_CASE("a server is an address or a node, with or without a port") {
    CHECK(read("192.0.2.3") == "192.0.2.3");
    CHECK(read("ws1") == "192.0.2.3");
    CHECK(read("192.0.2.3:80") == "192.0.2.3:80");
    CHECK(read("ws1:443") == "192.0.2.3:443");
}

TEST_CASE("one service is named by its name, with all its ports, or by its id") {
    CHECK(read("ws1@web") == "192.0.2.3@tcp 192.0.2.20:80, 192.0.2.3@tcp 192.0.2.20:443");
    CHECK(read("192.0.2.4@tcp 192.0.2.20:25") == "192.0.2.4@tcp 192.0.2.20:25");
    CHECK(read("192.0.2.4@192.0.2.20:25") == "192.0.2.4@tcp 192.0.2.20:25");
}

TEST_CASE("what nobody knows is said") {
    CHECK(read("ws9") == R"("ws9" is neither an address nor a node with one)");
    CHECK(read("") == R"("" is neither an address nor a node with one)");
    CHECK(read("ws1@mail") == R"(there is no service "mail")");
    CHECK(read("ws1@") == R"(there is no service "")");
    CHECK(read("192.0.2.9") == "no service has the real server 192.0.2.9");
    CHECK(read("ws1:81") == "no service has the real server ws1:81");
    CHECK(read("ws1@192.0.2.20:25") == "no service has the real server ws1@192.0.2.20:25");
}

TEST_CASE("what was drained as a whole is not taken back in part") {
    const auto one = [](const char* text) { return parse_drain(text, config(), true)->front(); };
    const kinds::Health whole{{}, {}, {one("ws1")}};
    CHECK_FALSE(can_take_back(one("ws1:80"), whole));
    CHECK(can_take_back(one("ws1@web"), whole).error().what ==
          "more than 192.0.2.3@tcp 192.0.2.20:80 is drained: 192.0.2.3");
    CHECK(can_take_back(one("ws1"), whole));
    CHECK(can_take_back(one("192.0.2.4:80"), whole));
    CHECK(can_take_back(one("ws1"), {{}, {}, {one("ws1@web")}}));
    CHECK(can_take_back(one("ws1:443"), {{}, {}, {one("ws1:80")}}));
    // Wider in one respect, and about something else in the other.
    CHECK(can_take_back(one("ws1:443@web"), {{}, {}, {one("ws1:80")}}));
    CHECK_FALSE(can_take_back(one("ws1:80@web"), {{}, {}, {one("ws1:80")}}));
    const kinds::Health mail{{}, {}, {one("192.0.2.4@192.0.2.20:25")}};
    CHECK(can_take_back(one("192.0.2.4:80@192.0.2.20:80"), mail));
    CHECK_FALSE(can_take_back(one("192.0.2.4:25@192.0.2.20:25"), mail));
}

TEST_CASE("what is taken back may have left the file") { CHECK(read("192.0.2.9", true) == "192.0.2.9"); }

}  // namespace lbconverge::health
