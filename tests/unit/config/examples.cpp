// The files of examples/ are what people start from: accepted on every node, without a word.
#include "lbconverge/config/lint.hpp"

#include "reading.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace lbconverge::config {

namespace {

/// What `check` says: every node of the file, one by one and together.
std::vector<std::string> check(const std::string& path, const std::string& text) {
    Diagnostics problems;
    const Document document = Document::parse({{path, text}}, problems);
    std::vector<std::string> names = document.nodes();
    if (names.empty()) names.emplace_back();
    std::vector<Config> nodes;
    for (const std::string& name : names) {
        if (auto config = document.config_for(name, problems)) nodes.push_back(std::move(*config));
    }
    CHECK(nodes.size() == names.size());
    lint(nodes, problems);
    problems.finish();
    std::vector<std::string> lines;
    for (const Diagnostic& each : problems.all()) lines.push_back(to_text(each, document.files()));
    return lines;
}

void check_silent(const std::string& path, const std::string& text) {
    for (const std::string& line : check(path, text)) FAIL_CHECK(line);
}

const std::string proxies = R"(
role = "director"
[nodes]
hap01 = { priority = 101 }
hap02 = { priority = 50 }
[sysctl]
"net.ipv4.conf.all.promote_secondaries" = 1
[[vip]]
address = "100.100.100.100/24"
interface = "eth0"
[[track]]
name = "haproxy"
process = "haproxy"
interval = "2s"
weight = 2
[[vrrp]]
interface = "eth0"
vrid = 51
version = 2
track = ["haproxy"]
)";

}  // namespace

#ifdef LBCONVERGE_SOURCE_DIR
TEST_CASE("every example is accepted on every node without a warning") {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(LBCONVERGE_SOURCE_DIR "/examples")) {
        if (entry.path().extension() != ".toml") continue;
        std::ifstream file(entry.path());
        std::ostringstream text;
        text << file.rdbuf();
        check_silent(entry.path().filename().string(), text.str());
        ++count;
    }
    CHECK(count >= 4);
}
#endif

TEST_CASE("three nodes that balance among themselves") {
    check_silent("s3.toml", R"(
        role = "both"
        interface = "bond0"
        vips = ["192.168.0.254"]
        [nodes]
        web1 = { address = "192.168.0.1", priority = 150 }
        web2 = { address = "192.168.0.2", priority = 120 }
        web3 = { address = "192.168.0.3", priority = 100 }
        [arp]
        arp_ignore = 3
        arp_announce = 2
        [[vrrp]]
        vrid = 51
        [[service]]
        vip = "192.168.0.254"
        port = 80
        scheduler = "wrr"
        real_servers = ["web1", "web2", "web3"]
        check = { type = "http", path = "/", interval = "2s" }
    )"_text);
}

TEST_CASE("real servers of every kind") {
    check_silent("s4b.toml", R"(
        role = "real-server"
        interface = "ens32"
        [arp]
        method = "filter"
        source = "192.168.1.88"
        [[vip]]
        address = "192.168.1.200"
        accept = "interface"
    )"_text);
    check_silent("s4c.toml", R"(
        role = "real-server"
        interface = "ens32"
        [[vip]]
        address = "192.168.1.200"
        accept = "redirect"
        [[service]]
        vip = "192.168.1.200"
        port = 53
        protocol = "udp"
        real_servers = ["192.168.1.88"]
        [[service]]
        vip = "192.168.1.200"
        port = 80
        real_servers = ["192.168.1.88:3753"]
    )"_text);
    check_silent("s4d.toml", R"(
        role = "real-server"
        [[route]]
        to = "default"
        via = "192.168.1.252"
    )"_text);
}

TEST_CASE("a pair in a cloud, without multicast and without a VIP") {
    check_silent("s5.toml", R"(
        role = "director"
        interface = "eth0"
        [nodes]
        lb1 = { address = "10.130.0.2", priority = 200 }
        lb2 = { address = "10.130.0.3", priority = 100 }
        [[track]]
        name = "haproxy"
        process = "haproxy"
        interval = "2s"
        [[vrrp]]
        name = "VI_1"
        vrid = 33
        version = 2
        unicast = true
        auth_pass_file = "/etc/lbconverge/vrrp.pass"
        track = ["haproxy"]
        [[hook]]
        on = ["master"]
        command = ["/usr/local/bin/assign-floating-ip", "203.0.113.10"]
        user = "keepalived_script"
        timeout = "30s"
        retries = 10
        retry_delay = "3s"
        environment_file = "/etc/lbconverge/provider.env"
    )"_text);
}

TEST_CASE("the one warning that a described system deserves: a track that never changes who wins") {
    const std::vector<std::string> lines = check("s2.toml", proxies);
    REQUIRE_FALSE(lines.empty());
    for (const std::string& line : lines) CHECK_MESSAGE(line.find("[LVS35]") != std::string::npos, line);
}

}  // namespace lbconverge::config
