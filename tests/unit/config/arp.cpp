#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("without [arp], the settings that keep a real server quiet") {
    const Reading reading = read(R"(role = "real-server")");
    const Arp& arp = reading.good().arp;
    CHECK(arp.arp_ignore == 1);
    CHECK(arp.arp_announce == 2);
    CHECK(arp.automatic);
    CHECK(arp.method == ArpMethod::sysctl);
    CHECK_FALSE(arp.source.known());
}

TEST_CASE("[arp] with everything") {
    const Reading reading = read(R"(
        role = "real-server"
        [arp]
        arp_ignore = 3
        arp_announce = 1
        interfaces = ["all", "ens32"]
        method = "filter"
        source = "192.0.2.88"
    )"_text);
    const Arp& arp = reading.good().arp;
    CHECK(arp.arp_ignore == 3);
    CHECK(arp.arp_announce == 1);
    CHECK_FALSE(arp.automatic);
    CHECK(arp.interfaces == std::vector<InterfaceName>{"all", "ens32"});
    CHECK(arp.method == ArpMethod::filter);
    CHECK(to_text(*arp.source_address) == "192.0.2.88");
    CHECK(arp.source == Source{2, 1, 0});
    CHECK(arp.ignore_source == Source{3, 14, 0});
    CHECK(arp.announce_source == Source{4, 16, 0});
    CHECK(arp.interfaces_source == Source{5, 14, 0});
}

TEST_CASE(R"("auto" is every interface; a word that is not in brackets is a mistake)") {
    CHECK(read(R"(
        role = "both"
        [arp]
        interfaces = "auto"
    )"_text)
              .good()
              .arp.automatic);
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        interfaces = "eth0"
    )"_text),
                    "put the name in brackets");
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        interfaces = []
    )"_text),
                    "ARP would stay as it is");
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        interfaces = ["eth 0"]
    )"_text),
                    R"("eth 0" is not the name of an interface)");
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        interfaces = ["an-interface-name"]
    )"_text),
                    "is not the name of an interface");
}

TEST_CASE("values out of range, of the wrong type, and in the wrong company") {
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        arp_announce = 3
    )"_text),
                    "a number from 0 to 2, not 3");
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        arp_ignore = "1"
    )"_text),
                    "not a string; hint: leave the quotes out");
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        method = "arptables"
    )"_text),
                    R"("sysctl", "filter" or "none")");
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        [arp]
        source = "192.0.2.1"
    )"_text),
                    R"(needs method = "filter")");
    CHECK_SAYS_ONLY(read(R"(
        role = "both"
        arp = 1
    )"_text),
                    R"("arp" of the file must be a table, not a number)");
}

}  // namespace lbconverge::config
