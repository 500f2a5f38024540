#include "reading.hpp"

using namespace lbconverge::config;

namespace {

std::string redirect(const std::string& services) {
    return "role = \"real-server\"\nvip = [{ address = \"192.0.2.20\", accept = \"redirect\" }, "
           "{ address = \"192.0.2.21\", accept = \"redirect\" }]\n" +
           services;
}
std::string service(const std::string& vip, const std::string& port, const std::string& server) {
    return "[[service]]\nvip = \"" + vip + "\"\nport = " + port + "\nreal_servers = [\"" + server + "\"]\n";
}

}  // namespace

TEST_CASE("an ARP filter must know an address to say instead of the VIP") {
    const std::string filter = "role = \"real-server\"\nvips = [\"192.0.2.20\"]\n";
    CHECK_SAYS_ONLY(read(filter + "[arp]\nmethod = \"filter\"\n"), "which address to say instead of VIP 192.0.2.20");
    CHECK(read(filter + "[arp]\nmethod = \"filter\"\nsource = \"192.0.2.3\"\n").lines.empty());
    CHECK(read("interface = \"eth0\"\n" + filter + "[arp]\nmethod = \"filter\"\n").lines.empty());
    CHECK(read("role = \"real-server\"\nvips = [\"2001:db8::20\"]\n[arp]\nmethod = \"filter\"\n").lines.empty());
}

TEST_CASE("redirection needs services with ports") {
    CHECK_SAYS(read(redirect("")), "warning: nothing is redirected: no [[service]] says which ports of VIP 192.0.2.20");
    CHECK_SAYS(read(redirect("[[service]]\nvip = \"192.0.2.20\"\nport = 0\npersistence = \"60s\"\n")),
               "error: accept = \"redirect\" goes by port");
    CHECK(read(redirect(service("192.0.2.20", "80", "192.0.2.3") + service("192.0.2.21", "443", "192.0.2.3")))
              .lines.empty());
}

TEST_CASE("two services at one local port are one") {
    CHECK_SAYS_ONLY(read(redirect(service("192.0.2.20", "80", "192.0.2.3") + service("192.0.2.21", "80", "192.0.2.3"))),
                    "warning: two services are redirected to port 80 of this node");
    CHECK(read(redirect(service("192.0.2.20", "80", "192.0.2.3") + service("192.0.2.21", "80", "192.0.2.3:8080")))
              .lines.empty());
}
