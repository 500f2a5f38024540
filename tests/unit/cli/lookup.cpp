#include "lookup.hpp"

#include "lbconverge/kinds/all.hpp"
#include "support/ip.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

namespace lbconverge::cli {

namespace {

using namespace kinds;
using test::key;

constexpr std::uint32_t fallback_flag = ServiceFlags::scheduler_1;
constexpr std::uint32_t port_flag = ServiceFlags::scheduler_2;

const std::string three_servers = R"(
    role = "director"
    interface = "eth0"
    vips = ["192.0.2.20"]
    [[service]]
    vip = "192.0.2.20"
    port = 80
    scheduler = "mh"
    real_servers = ["10.0.0.3", "10.0.0.4", "10.0.0.5"]
)"_text;

/// A kernel that was given that file at once.
Observed kernel_with(const ShortName& scheduler = "mh", std::uint32_t flags = 0) {
    Observed observed;
    observed.get<Service>().put(key<Service>("tcp 192.0.2.20:80"), {.scheduler = scheduler, .flags = {flags}});
    observed.get<Service>().put(key<Service>("tcp 192.0.2.20:443"), {.scheduler = "wlc"});
    observed.get<Service>().put(key<Service>("udp 192.0.2.20:443"), {.scheduler = "rr"});
    observed.get<Service>().put(key<Service>("fwmark 7 ipv4"), {.scheduler = "dh"});
    std::uint32_t position = 2;
    for (const char* each : {"10.0.0.3:80", "10.0.0.4:80", "10.0.0.5:80"}) {
        observed.get<RealServer>().put(key<RealServer>("tcp 192.0.2.20:80 " + std::string(each)), {},
                                       {.position = position--});
    }
    return observed;
}

RealServer::Value& server_row(Observed& observed, const std::string& address) {
    const RealServer::Key of = key<RealServer>("tcp 192.0.2.20:80 " + address + ":80");
    const Seen<RealServer>& seen = observed.get<RealServer>();
    return const_cast<RealServer::Value&>(seen.row(seen.find(of)).value);
}

std::string wrong_question(std::string_view service, std::string_view client) {
    const auto question = question_of(service, client, kernel_with());
    return question ? "" : question.error().what;
}

Result<LookupAnswer> answered(const Observed& observed, const char* client, const config::Config* config = nullptr,
                              const char* service = "192.0.2.20:80") {
    const auto question = question_of(service, client, observed);
    REQUIRE(question.has_value());
    return answer_to(*question, observed, config);
}

std::string answer_for(const Observed& observed, const char* client, const config::Config* config = nullptr,
                       const char* service = "192.0.2.20:80") {
    const auto answer = answered(observed, client, config, service);
    return answer ? answer_text(*answer) : answer.error().what;
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a service is named by its id, or by the part of it that no other one has") {
    const Observed observed = kernel_with();
    for (const char* name : {"tcp 192.0.2.20:80", "192.0.2.20:80"}) {
        CHECK(question_of(name, "192.0.2.1", observed)->service == key<Service>("tcp 192.0.2.20:80"));
    }
    CHECK(question_of("fwmark 7", "192.0.2.1", observed)->service == key<Service>("fwmark 7 ipv4"));
    CHECK(question_of("udp 192.0.2.20:443", "192.0.2.1", observed)->service == key<Service>("udp 192.0.2.20:443"));
    CHECK(wrong_question("192.0.2.20:443", "192.0.2.1") == R"("192.0.2.20:443" can mean several services)");
    CHECK(wrong_question("192.0.2.20:8", "192.0.2.1") == R"(the kernel has no service "192.0.2.20:8")");
    CHECK(wrong_question("192.0.2.20:80", "somebody") == R"("somebody" is no address, and no address with a port)");
    CHECK(wrong_question("192.0.2.20:80", "2001:db8::1") == R"("2001:db8::1" is of another family than the service)");
    CHECK(question_of("192.0.2.20:80", "192.0.2.1:4711", observed)->client.port == 4711);
}

TEST_CASE("the answer says which server, and by which slot") {
    CHECK(answer_for(kernel_with(), "192.0.2.1") == R"(
        tcp 192.0.2.20:80 sends 192.0.2.1 to 10.0.0.5:80
          because  its slot is that server's
          slot     2891 of 4093, mh
          share    1365 of 4093 (33.3 %) slots are 10.0.0.5:80's
          table    081e99997485c008
    )"_text);
    CHECK(says(answer_for(kernel_with("sh"), "192.0.2.1"), "slot     50 of 256, sh\n"));
    CHECK(says(answer_for(kernel_with("dh"), "192.0.2.1"), " of 256, dh\n"));
}

TEST_CASE("a client whose server is out of use is refused, or led on") {
    Observed observed = kernel_with();
    server_row(observed, "10.0.0.4").weight = 0;
    const test::World world = test::world(three_servers);
    const std::string refused = answer_for(observed, "192.0.2.2", &world.config);
    CHECK(says(refused, R"(
        tcp 192.0.2.20:80 refuses 192.0.2.2
          because  its slot is that of 10.0.0.4:80, which has weight 0, and mh-fallback is not set
    )"_text));
    CHECK(says(refused, "  file     10.0.0.4:80: the choice of a director that has just loaded the file\n"));
    CHECK(says(refused, "  but      10.0.0.4:80 has weight 0, and nobody can read which it had before: 1 is assumed"));
    CHECK(says(answer_for(observed, "192.0.2.1"), "it is taken for added with 0, since no file says more\n"));

    Observed other = kernel_with("mh", fallback_flag);
    server_row(other, "10.0.0.4").weight = 0;
    CHECK(says(answer_for(other, "192.0.2.2", &world.config), R"(
        tcp 192.0.2.20:80 sends 192.0.2.2 to 10.0.0.5:80
          because  its slot is that of 10.0.0.4:80, which has weight 0; mh-fallback leads on
    )"_text));
    for (const char* each : {"10.0.0.3", "10.0.0.5"}) server_row(other, each).weight = 0;
    CHECK(says(answer_for(other, "192.0.2.2", &world.config), "weight 0, and so it is with all others\n"));
    CHECK(says(answer_for(other, "192.0.2.2"), "  because  no server of the service has a slot\n"));
}

TEST_CASE("a server that has reached its upper threshold is full") {
    Observed observed = kernel_with("sh");
    for (const char* each : {"10.0.0.3", "10.0.0.4", "10.0.0.5"}) server_row(observed, each).upper_threshold = 10;
    observed.get<RealServer>().note(1).active = 6;
    observed.get<RealServer>().note(1).inactive = 4;
    CHECK(says(answer_for(observed, "203.0.113.77"), "sends 203.0.113.77 to 10.0.0.5:80\n"));
    CHECK(says(answer_for(observed, "192.0.2.2"),
               "  because  its slot is that of 10.0.0.4:80, which is full, and sh-fallback"));
    CHECK(says(answer_for(observed, "192.0.2.2"),
               "  but      10.0.0.4:80 is taken for full: it has an upper threshold of 10"));
    CHECK(says(answer_for(observed, "192.0.2.2"), "  but      10.0.0.3:80 is taken for not full: "));
}

TEST_CASE("what cannot be known is said to be that") {
    CHECK(
        answer_for(kernel_with(), "192.0.2.1", nullptr, "udp 192.0.2.20:443") ==
        "udp 192.0.2.20:443 (rr): which server 192.0.2.1 gets cannot be known: it takes the servers in turn, and where "
        "it stands nobody can read\n");
    CHECK(says(answer_for(kernel_with(), "192.0.2.1", nullptr, "tcp 192.0.2.20:443"),
               "it looks at the connections of the moment\n"));
    CHECK(says(answer_for(kernel_with("twos"), "192.0.2.1"), "by chance"));
    CHECK(says(answer_for(kernel_with("lblcr"), "192.0.2.1"), "for each destination"));
    CHECK(says(answer_for(kernel_with(), "192.0.2.1", nullptr, "fwmark 7"), "the packets of a mark may go anywhere"));
    CHECK(answer_for(kernel_with("mh", port_flag), "192.0.2.1") == "with mh-port the client's port counts");
    CHECK(says(answer_for(kernel_with("mh", port_flag), "192.0.2.1:1234"), "sends 192.0.2.1:1234 to 10.0.0.4:80\n"));
    Observed persistent = kernel_with("mh", ServiceFlags::persistent);
    CHECK(says(answer_for(persistent, "192.0.2.1"), "  but      the service is persistent: "));
}

TEST_CASE("the file's choice is of another order than that of a kernel with another history") {
    const test::World world = test::world(three_servers);
    Observed observed = kernel_with("sh");
    observed.get<RealServer>().note(0).position = 0;
    observed.get<RealServer>().note(1).position = 1;
    observed.get<RealServer>().note(2).position = 2;
    test::World by_sh = test::world(three_servers);
    by_sh.config.services.front().scheduler = "sh";
    const auto answer = answered(observed, "192.0.2.1", &by_sh.config);  // slot 50: the last of three
    CHECK(answer_json(*answer).find(R"("server":"10.0.0.5:80")") != std::string::npos);
    CHECK(answer->by_the_file == "10.0.0.3:80");
}

TEST_CASE("the answer as JSON") {
    const test::World world = test::world(three_servers);
    const auto json = [&](const Observed& observed, const char* client, const char* service = "192.0.2.20:80") {
        return answer_json(*answered(observed, client, &world.config, service));
    };
    CHECK(json(kernel_with(), "192.0.2.1") ==
          R"({"format_version":1,"service":"tcp 192.0.2.20:80","scheduler":"mh","client":"192.0.2.1","known":true,)"
          R"("why":"its slot is that server's","server":"10.0.0.5:80","slot":2891,"slots":4093,)"
          R"("slot_of":"10.0.0.5:80","table":"081e99997485c008","file":"10.0.0.5:80","notes":[]})"
          "\n");
    Observed out = kernel_with();
    server_row(out, "10.0.0.4").weight = 0;
    CHECK(says(json(out, "192.0.2.2"), R"("server":null,"slot":746,"slots":4093,"slot_of":"10.0.0.4:80",)"));
    CHECK(json(kernel_with(), "192.0.2.1", "tcp 192.0.2.20:443") ==
          R"({"format_version":1,"service":"tcp 192.0.2.20:443","scheduler":"wlc","client":"192.0.2.1","known":false,)"
          R"("why":"it looks at the connections of the moment"})"
          "\n");
}

}  // namespace lbconverge::cli
