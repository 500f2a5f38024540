#include "reading.hpp"

namespace lbconverge::config {

namespace {
Reading read_track(const std::string& text) {
    return read_director(R"(
        [[track]]
        name = "t"
    )"_text + text);
}
Reading read_hook(const std::string& text) {
    return read_director(R"(
        [[hook]]
    )"_text + text);
}
}  // namespace

TEST_CASE("a track watches one thing") {
    const auto target = [](const std::string& text) { return read_track(text).good().tracks.at(0); };
    CHECK(target(R"(process = "haproxy")").type == TrackType::process);
    CHECK(target(R"(process = "haproxy")").target == "haproxy");
    CHECK(target(R"(interface = "eth1")").type == TrackType::interface);
    CHECK(target(R"(file = "/run/x")").type == TrackType::file);
    CHECK(target(R"(service = "web")").type == TrackType::service);
    CHECK(target(R"(command = ["/bin/x", "1"])").type == TrackType::command);
    CHECK(target(R"(command = ["/bin/x", "1"])").command == std::vector<std::string>{"/bin/x", "1"});
    CHECK_SAYS_ONLY(read_track(""), "lb.toml:3:1: error: a track watches nothing");
    CHECK_SAYS_ONLY(read_track(R"(
        process = "a"
        file = "b"
    )"_text),
                    "a track watches one thing, not several");
    CHECK_SAYS_ONLY(read_track("command = []\n"), R"("command" of a track is an empty list)");
}

TEST_CASE("a track's settings") {
    const Reading reading = read_track(R"(
        process = "x"
        interval = "2s"
        timeout = "3s"
        fall = 2
        rise = 4
        weight = -20
        user = "nobody"
    )"_text);
    const Track& track = reading.good().tracks.at(0);
    CHECK(track.name == "t");
    CHECK(track.interval == std::chrono::seconds(2));
    CHECK(track.timeout == std::chrono::seconds(3));
    CHECK(track.fall == 2);
    CHECK(track.rise == 4);
    CHECK(track.weight == -20);
    CHECK(track.user == "nobody");
    CHECK(read_track(R"(process = "x")").good().tracks.at(0).weight == 0);
    CHECK_SAYS_ONLY(read_track(R"(
        process = "x"
        weight = 254
    )"_text),
                    "a number from -253 to 253, not 254");
    CHECK_SAYS_ONLY(read_track(R"(
        process = "x"
        wieght = 2
    )"_text),
                    R"(did you mean "weight"?)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[track]]
        process = "x"
    )"_text),
                    "a track needs a name");
}

TEST_CASE("a hook with everything") {
    const Reading reading = read_hook(R"(
        on = ["master", "stop"]
        vrrp = "vrrp-1"
        command = ["/bin/assign", "203.0.113.10"]
        user = "keepalived_script"
        timeout = "10s"
        retries = 10
        retry_delay = "3s"
        environment = { TOKEN = "hush" }
        environment_file = "/etc/x.env"
        [[vrrp]]
        vrid = 1
    )"_text);
    const Hook& hook = reading.good().hooks.at(0);
    CHECK(hook.on == std::vector<std::string>{"master", "stop"});
    CHECK(hook.vrrp == "vrrp-1");
    CHECK(hook.command.size() == 2);
    CHECK(hook.user == "keepalived_script");
    CHECK(hook.timeout == std::chrono::seconds(10));
    CHECK(hook.retries == 10);
    CHECK(hook.retry_delay == std::chrono::seconds(3));
    CHECK(hook.environment.at("TOKEN") == "hush");
    CHECK(hook.environment_file == "/etc/x.env");
}

TEST_CASE("what a hook needs") {
    const Reading empty = read_hook("");
    CHECK_SAYS(empty, "a hook needs to know when to run");
    CHECK_SAYS(empty, "a hook needs a command");
    CHECK_SAYS_ONLY(read_hook(R"(
        on = ["mastre"]
        command = ["/x"]
    )"_text),
                    R"(a hook cannot run on "mastre"; hint: did you mean "master"?)");
    CHECK_SAYS_ONLY(read_hook(R"(
        on = ["master"]
        command = "x y"
    )"_text),
                    "must be a list of strings, not a string");
    CHECK_SAYS_ONLY(read_hook(R"(
        on = ["master"]
        command = [""]
    )"_text),
                    R"(each element of "command" must be a string that is not empty)");
}

TEST_CASE("the environment's values are never shown") {
    const Reading reading = read_hook(R"(
        on = ["master"]
        command = ["/x"]
        environment = { A = ["hush"], B = 5 }
    )"_text);
    CHECK_SAYS(reading, R"("A" of a hook must be a string, not a list)");
    CHECK_SAYS(reading, R"("B" of a hook must be a string, not a number)");
    CHECK_FALSE(reading.says("hush"));
}

}  // namespace lbconverge::config
