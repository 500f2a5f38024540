#include "reading.hpp"

namespace lbconverge::config {

namespace {
Reading read_check(const std::string& value) {
    return read_director(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
        check = $
    )"_with(value));
}
const Check& check(const Reading& reading) {
    const Config& config = reading.good();
    return config.checks.at(static_cast<std::size_t>(config.services.at(0).check));
}
}  // namespace

TEST_CASE("the short words") {
    CHECK(check(read_check(R"("tcp")")).type == CheckType::tcp);
    CHECK(check(read_check(R"("none")")).type == CheckType::none);
    CHECK(check(read_check(R"("tcp")")).source == Source{6, 9, 0});
    CHECK_SAYS_ONLY(read_check(R"("http")"), R"("check" must be "tcp", "none" or a table, not "http")");
    CHECK_SAYS_ONLY(read_check("true"), R"("check" of a service must be "tcp", "none" or a table, not true or false)");
}

TEST_CASE("services that say the same share one check") {
    const auto service = [](const std::string& check, const std::string& port) {
        return R"(
            [[service]]
            vip = "192.0.2.20"
            check = $
            port = $
        )"_with(check, port);
    };
    const Reading reading = read_director(service(R"("tcp")", "1") + service(R"("tcp")", "2") +
                                          service(R"({ type = "tcp", fall = 1 })", "3") + service(R"("none")", "4"));
    const Config& config = reading.good();
    REQUIRE(config.checks.size() == 3);
    CHECK(config.services[0].check == 0);
    CHECK(config.services[1].check == 0);
    CHECK(config.services[2].check == 1);
    CHECK(config.services[3].check == 2);
    CHECK(config.checks[1].fall == 1);
    CHECK(config.checks[2].type == CheckType::none);
    CHECK(config.checks[2].source == Source{17, 9, 0});
}

TEST_CASE("a table with everything of an HTTP check") {
    const Reading reading = read_check(
        R"({ type = "http", interval = "3s", timeout = "500ms", fall = 4, rise = 1, port = 8080, path = "/up", host = "example.org", expect = "200", via = "vip" })");
    CHECK(check(reading).type == CheckType::http);
    CHECK(check(reading).interval == std::chrono::seconds(3));
    CHECK(check(reading).timeout == std::chrono::milliseconds(500));
    CHECK(check(reading).fall == 4);
    CHECK(check(reading).rise == 1);
    CHECK(check(reading).port == 8080);
    CHECK(check(reading).path == "/up");
    CHECK(check(reading).host == "example.org");
    CHECK(check(reading).expect == "200");
    CHECK(check(reading).via == "vip");
}

TEST_CASE("the other types") {
    const Reading program = read_check(R"({ type = "exec", command = ["/bin/probe", "-x"], user = "nobody" })");
    CHECK(check(program).command == std::vector<std::string>{"/bin/probe", "-x"});
    CHECK(check(program).user == "nobody");
    CHECK(check(read_check(R"({ type = "file", path = "/run/up" })")).path == "/run/up");
    for (const char* type : {"https", "udp", "dns"}) {
        CHECK(check(read_check(R"({ type = "$" })"_with(type))).type != CheckType::none);
    }
}

TEST_CASE("durations: units, fractions, limits") {
    const auto interval = [](const std::string& value) {
        return read_check(R"({ type = "tcp", interval = $ })"_with(value));
    };
    CHECK(check(interval(R"("1.5s")")).interval == std::chrono::milliseconds(1500));
    CHECK(check(interval(R"("2m")")).interval == std::chrono::minutes(2));
    CHECK(check(interval(R"("1h")")).interval == std::chrono::hours(1));
    CHECK(check(interval(R"("0.5d")")).interval == std::chrono::hours(12));
    for (const char* wrong : {R"("5")", R"("s")", R"("-1s")", R"("+1s")", R"("1 s")", R"("1.s")", R"("1.0005s")",
                              R"("1us")", R"("")", R"("1e3s")", R"("99999999999999999999s")", R"("9999999d")"}) {
        CHECK_SAYS_ONLY(interval(wrong), "is not a duration; hint: write a number with its unit");
    }
    CHECK_SAYS_ONLY(interval("5"), "must be a duration, not a number");
    CHECK_SAYS_ONLY(interval(R"("9ms")"), R"("interval" of a check must be from 10ms to 1d)");
}

TEST_CASE("a check says only what its type understands") {
    CHECK_SAYS_ONLY(read_check(R"({ interval = "1s" })"), "lb.toml:6:9: error: a check needs a type");
    CHECK_SAYS_ONLY(read_check(R"({ type = "tpc" })"), R"(did you mean "tcp"?)");
    CHECK_SAYS_ONLY(read_check(R"({ type = "tcp", path = "/" })"), R"(a check of type "tcp" has no "path")");
    CHECK_SAYS_ONLY(read_check(R"({ type = "http", command = ["x"] })"), R"(a check of type "http" has no "command")");
    CHECK_SAYS_ONLY(read_check(R"({ type = "file", path = "/x", port = 80 })"),
                    R"(a check of type "file" has no "port")");
    CHECK_SAYS_ONLY(read_check(R"({ type = "exec" })"), "needs a command");
    CHECK_SAYS_ONLY(read_check(R"({ type = "exec", command = "/bin/probe" })"),
                    "must be a list of strings, not a string; hint: put it in brackets");
    CHECK_SAYS_ONLY(read_check(R"({ type = "file" })"), "needs a path");
    CHECK_SAYS_ONLY(read_check(R"({ type = "tcp", intervall = "1s" })"),
                    R"(unknown key "intervall" in a check; hint: did you mean "interval"?)");
}

}  // namespace lbconverge::config
