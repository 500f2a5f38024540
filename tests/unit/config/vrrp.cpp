#include "reading.hpp"

namespace lbconverge::config {

namespace {
/// One [[vrrp]] with a VRID; what is given begins at line 5.
Reading read_vrrp(const std::string& text) {
    return read_director(R"(
        [[vrrp]]
        vrid = 51
    )"_text + text);
}
const Vrrp& vrrp(const Reading& reading) { return reading.good().vrrp.at(0); }
}  // namespace

TEST_CASE("an instance with its defaults") {
    const Reading reading = read_vrrp("");
    REQUIRE(reading.good().vrrp.size() == 1);
    const Vrrp& instance = reading.good().vrrp[0];
    CHECK(instance.name == "vrrp-51");
    CHECK(instance.vrid == 51);
    CHECK(instance.interface == InterfaceName("eth0"));
    CHECK(instance.priority == 100);
    CHECK(instance.version == 3);
    CHECK(instance.advert_interval == std::chrono::seconds(1));
    CHECK(instance.preempt.enabled);
    CHECK(instance.preempt.delay == std::chrono::seconds(0));
    CHECK(instance.checksum == Checksum::pseudo_header);
    CHECK_FALSE(instance.unicast);
    CHECK(instance.garp_count == 5);
    CHECK(instance.garp_repeat == std::chrono::seconds(5));
    CHECK(instance.source == Source{3, 1, 0});
}

TEST_CASE("an instance with everything") {
    const Reading reading = read_vrrp(R"(
        name = "VI_1"
        interface = "eth7"
        priority = 200
        version = 2
        advert_interval = "3s"
        preempt = "delay 30s"
        auth_pass = "12345678"
        source = "192.0.2.1"
        peers = ["192.0.2.2", "192.0.2.3"]
        min_ttl = 250
        track = ["haproxy"]
        garp = { count = 3, repeat = "10s", refresh = "1m" }
        start_delay = "500ms"
        [[track]]
        name = "haproxy"
        process = "haproxy"
    )"_text);
    CHECK(vrrp(reading).name == "VI_1");
    CHECK(vrrp(reading).interface == InterfaceName("eth7"));
    CHECK(vrrp(reading).priority == 200);
    CHECK(vrrp(reading).version == 2);
    CHECK(vrrp(reading).advert_interval == std::chrono::seconds(3));
    CHECK(vrrp(reading).preempt.enabled);
    CHECK(vrrp(reading).preempt.delay == std::chrono::seconds(30));
    CHECK(vrrp(reading).auth_pass == "12345678");
    CHECK(to_text(*vrrp(reading).source_address) == "192.0.2.1");
    CHECK(vrrp(reading).unicast);
    CHECK(vrrp(reading).peers.size() == 2);
    CHECK(vrrp(reading).min_ttl == 250);
    CHECK(vrrp(reading).track == std::vector<std::string>{"haproxy"});
    CHECK(vrrp(reading).garp_count == 3);
    CHECK(vrrp(reading).garp_repeat == std::chrono::seconds(10));
    CHECK(vrrp(reading).garp_refresh == std::chrono::minutes(1));
    CHECK(vrrp(reading).start_delay == std::chrono::milliseconds(500));
}

TEST_CASE("what an instance needs") {
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        name = "a"
    )"_text),
                    "lb.toml:3:1: error: a VRRP instance needs a vrid");
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        [[vrrp]]
        vrid = 1
    )"_text),
                    "lb.toml:2:1: error: a VRRP instance needs an interface");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 256
    )"_text),
                    R"("vrid" of a VRRP instance must be a number from 1 to 255, not 256)");
    CHECK_SAYS_ONLY(read_vrrp("priority = 0\n"), "a number from 1 to 255, not 0");
    CHECK_SAYS_ONLY(read_vrrp("version = 4\n"), "a number from 2 to 3, not 4");
}

TEST_CASE("a node's priority counts instead of the shared one, a node's own instance instead of both") {
    const std::string file = R"(
        role = "director"
        interface = "eth0"
        [nodes]
        a = { priority = 150 }
        b = {}
        [nodes.c]
        priority = 150
        [[nodes.c.vrrp]]
        vrid = 9
        priority = 7
        [[nodes.c.vrrp]]
        vrid = 10
        [[vrrp]]
        vrid = 51
        priority = 120
    )"_text;
    CHECK(read(file, "a").good().vrrp.at(0).priority == 150);
    CHECK(read(file, "b").good().vrrp.at(0).priority == 120);
    REQUIRE(read(file, "c").good().vrrp.size() == 2);
    CHECK(read(file, "c").good().vrrp.at(0).vrid == 9);
    CHECK(read(file, "c").good().vrrp.at(0).priority == 7);
    CHECK(read(file, "c").good().vrrp.at(1).priority == 150);
}

TEST_CASE("preempt") {
    CHECK_FALSE(vrrp(read_vrrp("preempt = false\n")).preempt.enabled);
    CHECK(vrrp(read_vrrp("preempt = true\n")).preempt.enabled);
    for (const char* wrong : {R"("30s")", R"("delay")", R"("delay 30")", "1"}) {
        CHECK_SAYS_ONLY(read_vrrp("preempt = " + std::string(wrong) + "\n"),
                        R"(lb.toml:5:11: error: "preempt" must be true, false or)");
    }
}

TEST_CASE("LVS39: version 2 has whole seconds") {
    CHECK_SAYS_ONLY(read_vrrp(R"(
        version = 2
        advert_interval = "500ms"
    )"_text),
                    "[LVS39]");
    CHECK_SAYS_ONLY(read_vrrp(R"(
        version = 2
        advert_interval = "1.5s"
    )"_text),
                    "lb.toml:6:19: error: VRRP version 2 counts whole seconds");
    CHECK(vrrp(read_vrrp(R"(
        version = 2
        advert_interval = "255s"
    )"_text))
              .advert_interval == std::chrono::seconds(255));
    CHECK_SAYS_ONLY(read_vrrp(R"(
        version = 2
        advert_interval = "256s"
    )"_text),
                    "must be from 10ms to 255s");
}

TEST_CASE("version 3 has hundredths of a second, up to 40.95 s") {
    CHECK(vrrp(read_vrrp(R"(advert_interval = "10ms")")).advert_interval == std::chrono::milliseconds(10));
    CHECK(vrrp(read_vrrp(R"(advert_interval = "40.95s")")).advert_interval == std::chrono::milliseconds(40950));
    CHECK_SAYS_ONLY(read_vrrp(R"(advert_interval = "41s")"), "must be from 10ms to 40950ms");
    CHECK_SAYS_ONLY(read_vrrp(R"(advert_interval = "9ms")"), "must be from 10ms");
    CHECK_SAYS_ONLY(read_vrrp(R"(advert_interval = "15ms")"), "must be a multiple of 10ms");
}

TEST_CASE("LVS38: a password has at most 8 octets, and is never shown") {
    const Reading reading = read_vrrp(R"(
        version = 2
        auth_pass = "hush-hush"
    )"_text);
    CHECK_SAYS_ONLY(reading, R"(lb.toml:6:13: error: "auth_pass" is longer than 8 octets)");
    CHECK_SAYS_ONLY(reading, "[LVS38]");
    CHECK_FALSE(reading.says("hush"));
    CHECK(vrrp(read_vrrp(R"(
        version = 2
        auth_pass = "12345678"
    )"_text))
              .auth_pass == "12345678");
}

TEST_CASE("a password is for version 2, and said once") {
    const Reading three = read_vrrp(R"(auth_pass = "hush")");
    CHECK_SAYS_ONLY(three, "VRRP version 3 has no authentication by password");
    CHECK_FALSE(three.says("hush"));
    CHECK_SAYS_ONLY(read_vrrp(R"(auth_pass_file = "/etc/x")"), "VRRP version 3 has no authentication by password");
    CHECK(vrrp(read_vrrp(R"(
        version = 2
        auth_pass_file = "/etc/x"
    )"_text))
              .auth_pass_file == "/etc/x");
    CHECK_SAYS_ONLY(read_vrrp(R"(
        version = 2
        auth_pass = "hush"
        auth_pass_file = "/etc/x"
    )"_text),
                    R"(both "auth_pass" and "auth_pass_file")");
    CHECK_FALSE(read_vrrp(R"(
        version = 2
        auth_pass = ["hush"]
    )"_text)
                    .says("hush"));
}

TEST_CASE("advertisements are signed with the keys of a file, in version 2 and 3") {
    for (const char* version : {"version = 2", "version = 3"}) {
        const Reading reading = read_vrrp(R"(
            $
            auth_key_file = "/etc/keys"
            auth_mode = "receive-only"
            auth_active_key = 2
        )"_with(version));
        const Vrrp& instance = vrrp(reading);
        CHECK(instance.auth_key_file == "/etc/keys");
        CHECK(instance.auth_mode == AuthMode::receive_only);
        CHECK(instance.auth_active_key == 2);
        CHECK(instance.auth_keys.empty());  // the file is not read here
    }
    CHECK(vrrp(read_vrrp(R"(auth_key_file = "/etc/keys")")).auth_mode == AuthMode::enforce);
    CHECK(vrrp(read_vrrp(R"(auth_key_file = "/etc/keys")")).auth_active_key == 0);
}

TEST_CASE("what is said of signatures is about a file of keys, and not beside a password") {
    CHECK_SAYS_ONLY(read_vrrp(R"(auth_key_file = "keys")"), R"("auth_key_file" must be an absolute path)");
    CHECK_SAYS_ONLY(read_vrrp(R"(auth_mode = "enforce")"), R"("auth_mode" means nothing without "auth_key_file")");
    CHECK_SAYS_ONLY(read_vrrp(R"(auth_active_key = 1)"), R"("auth_active_key" means nothing without "auth_key_file")");
    CHECK(read_vrrp(R"(
        auth_key_file = "/etc/keys"
        auth_mode = "enforced"
    )"_text)
              .says("\"auth_mode\""));
    for (const char* id : {"0", "256"}) {
        CHECK(read_vrrp(R"(
            auth_key_file = "/etc/keys"
            auth_active_key = $
        )"_with(id))
                  .says("from 1 to 255"));
    }
    for (const char* key : {"auth_pass", "auth_pass_file"}) {
        const Reading reading = read_vrrp(R"(
            version = 2
            auth_key_file = "/etc/keys"
            $ = "hush"
        )"_with(key));
        CHECK_SAYS_ONLY(reading, "and \"auth_key_file\" exclude each other");
        CHECK_FALSE(reading.says("hush"));
    }
}

TEST_CASE("the kind of checksum is a choice of version 3") {
    CHECK(vrrp(read_vrrp(R"(checksum = "message")")).checksum == Checksum::message);
    CHECK_SAYS_ONLY(read_vrrp(R"(
        version = 2
        checksum = "message"
    )"_text),
                    "version 3 only");
    CHECK_SAYS_ONLY(read_vrrp(R"(checksum = "crc")"), R"("pseudo-header" or "message", not "crc")");
}

TEST_CASE("peers are addresses or nodes; the node itself may be in the list") {
    const std::string file = R"(
        role = "director"
        interface = "eth0"
        [nodes]
        a = { address = "192.0.2.1" }
        b = { address = "192.0.2.2" }
        bare = {}
        [[vrrp]]
        vrid = 51
        peers = )"_text;
    const Reading reading = read(file + R"(["a", "192.0.2.2"])", "a");
    REQUIRE(vrrp(reading).peers.size() == 1);
    CHECK(to_text(vrrp(reading).peers[0]) == "192.0.2.2");
    CHECK(to_text(vrrp(read(file + R"(["a", "192.0.2.2"])", "b")).peers.at(0)) == "192.0.2.1");
    CHECK_SAYS_ONLY(read(file + R"(["bare"])", "a"), R"(peer "bare" is a node without an address)");
    CHECK_SAYS_ONLY(read(file + R"(["a"])", "a"), R"("peers" names nobody but this node)");
    CHECK_SAYS_ONLY(read(file + "[]\n", "a"), R"("peers" names nobody but this node)");
    CHECK_SAYS_ONLY(read(file + R"(["c"])", "a"), R"(peer "c" is neither an address nor a node)");
    CHECK_SAYS_ONLY(read(file + R"(
        ["b"]
        unicast = true
    )"_text,
                         "a"),
                    R"("unicast" and "peers" say the same twice)");
}

TEST_CASE("min_ttl is for unicast") { CHECK_SAYS_ONLY(read_vrrp("min_ttl = 254\n"), R"("min_ttl" is for unicast)"); }

TEST_CASE("announcements that come so often that they are a flood are refused") {
    CHECK_SAYS_ONLY(read_vrrp(R"(garp = { refresh = "1ms", count = 100 })"),
                    R"("refresh" of "garp" must be at least 1s, or 0s)");
    CHECK_SAYS_ONLY(read_vrrp(R"(garp = { repeat = "999ms" })"), R"("repeat" of "garp" must be at least 1s, or 0s)");
    CHECK_SAYS_ONLY(read_vrrp(R"(garp = { refresh = "9999ms", count = 100 })"),
                    "100 announcements of a VIP every 9999ms are a flood");
    CHECK_SAYS_ONLY(read_vrrp(R"(garp = { refresh = "1s", count = 11 })"), R"(refresh = "1100ms" at least)");
    CHECK(vrrp(read_vrrp(R"(garp = { refresh = "10s", count = 100, repeat = "1s" })")).garp_count == 100);
    CHECK(vrrp(read_vrrp(R"(garp = { refresh = "1s", repeat = "0s" })")).garp_repeat.count() == 0);
    CHECK(vrrp(read_vrrp(R"(garp = { count = 100 })")).garp_refresh.count() == 0);
}

TEST_CASE("unknown keys, here and below") {
    CHECK_SAYS_ONLY(read_vrrp("virtual_router_id = 1\n"), R"(unknown key "virtual_router_id" in a VRRP instance)");
    CHECK_SAYS_ONLY(read_vrrp("garp = { cuont = 1 }\n"),
                    R"(unknown key "cuont" in "garp"; hint: did you mean "count"?)");
}

TEST_CASE("a sync group has a name and members") {
    const std::string two = R"(
        [[vrrp]]
        vrid = 52
        name = "b"
    )"_text;
    const Reading reading = read_vrrp(two + R"(
        [[sync_group]]
        name = "G"
        members = ["vrrp-51", "b"]
    )"_text);
    REQUIRE(reading.good().sync_groups.size() == 1);
    CHECK(reading.good().sync_groups[0].name == "G");
    CHECK(reading.good().sync_groups[0].members.size() == 2);
    const Reading empty = read_vrrp("[[sync_group]]\n");
    CHECK_SAYS(empty, "a sync group needs a name");
    CHECK_SAYS(empty, "a sync group needs members");
}

}  // namespace lbconverge::config
