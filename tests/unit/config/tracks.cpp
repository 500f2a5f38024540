#include "reading.hpp"

namespace lbconverge::config {

namespace {
Reading read_track(const std::string& text) { return read_director("[[track]]\nname = \"t\"\n" + text); }
Reading read_hook(const std::string& text) { return read_director("[[hook]]\n" + text); }
}  // namespace

TEST_CASE("a track watches one thing") {
    const auto target = [](const std::string& text) { return read_track(text).good().tracks.at(0); };
    CHECK(target("process = \"haproxy\"\n").type == TrackType::process);
    CHECK(target("process = \"haproxy\"\n").target == "haproxy");
    CHECK(target("interface = \"eth1\"\n").type == TrackType::interface);
    CHECK(target("file = \"/run/x\"\n").type == TrackType::file);
    CHECK(target("service = \"web\"\n").type == TrackType::service);
    CHECK(target("command = [\"/bin/x\", \"1\"]\n").type == TrackType::command);
    CHECK(target("command = [\"/bin/x\", \"1\"]\n").command == std::vector<std::string>{"/bin/x", "1"});
    CHECK_SAYS_ONLY(read_track(""), "lb.toml:3:1: error: a track watches nothing");
    CHECK_SAYS_ONLY(read_track("process = \"a\"\nfile = \"b\"\n"), "a track watches one thing, not several");
    CHECK_SAYS_ONLY(read_track("command = []\n"), "\"command\" of a track is an empty list");
}

TEST_CASE("a track's settings") {
    const Reading reading = read_track(
        "process = \"x\"\ninterval = \"2s\"\ntimeout = \"3s\"\nfall = 2\nrise = 4\nweight = -20\nuser = \"nobody\"\n");
    const Track& track = reading.good().tracks.at(0);
    CHECK(track.name == "t");
    CHECK(track.interval == std::chrono::seconds(2));
    CHECK(track.timeout == std::chrono::seconds(3));
    CHECK(track.fall == 2);
    CHECK(track.rise == 4);
    CHECK(track.weight == -20);
    CHECK(track.user == "nobody");
    CHECK(read_track("process = \"x\"\n").good().tracks.at(0).weight == 0);
    CHECK_SAYS_ONLY(read_track("process = \"x\"\nweight = 254\n"), "a number from -253 to 253, not 254");
    CHECK_SAYS_ONLY(read_track("process = \"x\"\nwieght = 2\n"), "did you mean \"weight\"?");
    CHECK_SAYS_ONLY(read_director("[[track]]\nprocess = \"x\"\n"), "a track needs a name");
}

TEST_CASE("a hook with everything") {
    const Reading reading = read_hook(R"(on = ["master", "stop"]
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
)");
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
    CHECK_SAYS_ONLY(read_hook("on = [\"mastre\"]\ncommand = [\"/x\"]\n"),
                    "a hook cannot run on \"mastre\"; hint: did you mean \"master\"?");
    CHECK_SAYS_ONLY(read_hook("on = [\"master\"]\ncommand = \"x y\"\n"), "must be a list of strings, not a string");
    CHECK_SAYS_ONLY(read_hook("on = [\"master\"]\ncommand = [\"\"]\n"),
                    "each element of \"command\" must be a string that is not empty");
}

TEST_CASE("the environment's values are never shown") {
    const Reading reading =
        read_hook("on = [\"master\"]\ncommand = [\"/x\"]\nenvironment = { A = [\"hush\"], B = 5 }\n");
    CHECK_SAYS(reading, "\"A\" of a hook must be a string, not a list");
    CHECK_SAYS(reading, "\"B\" of a hook must be a string, not a number");
    CHECK_FALSE(reading.says("hush"));
}

}  // namespace lbconverge::config
