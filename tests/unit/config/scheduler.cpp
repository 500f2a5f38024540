#include "reading.hpp"

namespace lbconverge::config {

namespace {
Reading read_scheduler(const std::string& text) {
    return read_director(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
    )"_text + text);
}
}  // namespace

TEST_CASE("every scheduler of the kernel is known") {
    for (const char* name :
         {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos", "none"}) {
        CHECK(read_scheduler(R"(scheduler = "$")"_with(name)).good().services[0].scheduler == InterfaceName(name));
    }
}

TEST_CASE("another scheduler is an error with the nearest name") {
    CHECK_SAYS_ONLY(read_scheduler(R"(scheduler = "wlcc")"),
                    R"(lb.toml:6:13: error: there is no scheduler "wlcc": the service could not be created [LVS27]; )"
                    R"(hint: did you mean "wlc"?)");
}

TEST_CASE("flags are bits, by name or by number") {
    CHECK(read_scheduler(R"(
        scheduler = "sh"
        scheduler_flags = ["sh-fallback", "sh-port"]
    )"_text)
              .good()
              .services[0]
              .scheduler_flags == 0x18);
    CHECK(read_scheduler(R"(
        scheduler = "mh"
        scheduler_flags = ["mh-port"]
    )"_text)
              .good()
              .services[0]
              .scheduler_flags == 0x10);
    CHECK(read_scheduler(R"(scheduler_flags = ["flag-1", "flag-2", "flag-3"])").good().services[0].scheduler_flags ==
          0x38);
    CHECK(read_scheduler("").good().services[0].scheduler_flags == 0);
}

TEST_CASE("a flag of another scheduler is an error") {
    CHECK_SAYS_ONLY(read_scheduler(R"(
        scheduler = "mh"
        scheduler_flags = ["sh-port"]
    )"_text),
                    R"(scheduler "mh" has no flag "sh-port")");
    CHECK_SAYS_ONLY(read_scheduler(R"(scheduler_flags = ["mh-fallback"])"), R"(it belongs to scheduler = "mh")");
    CHECK_SAYS_ONLY(read_scheduler(R"(scheduler_flags = ["sh-prot"])"),
                    R"(no scheduler has a flag "sh-prot"; hint: did you mean "sh-port"?)");
}

}  // namespace lbconverge::config
