// Services, their servers and checks.
#include "importing.hpp"

namespace lbconverge::importer {

TEST_CASE("a service says what differs from our defaults") {
    const Outcome outcome = service_with(R"(
        delay_loop 5
        lb_algo rr
        lb_kind DR
        persistence_timeout 50
        real_server 10.0.0.2 80 { # one
            weight 2
            TCP_CHECK {
                connect_timeout 3
                retry 2
            }
        }
        real_server 10.0.0.3 80 {
            TCP_CHECK {
                connect_timeout 3
                retry 2
            }
        }
    )"_text);
    CHECK_HAS(outcome, R"(
        [[service]]
        vip = "10.0.0.1"
        port = 80
        scheduler = "rr"
        persistence = "50s"
        check = { type = "tcp", interval = "5s", timeout = "3s", rise = 1 }
        real_servers = [
            { address = "10.0.0.2", weight = 2 },  # one
            "10.0.0.3",
        ]
    )"_text);
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("the defaults of keepalived are not ours") {
    const std::string servers = "real_server 10.0.0.2 80 {\n}";
    CHECK_HAS(service_with(servers), "forward = \"masquerade\"");
    CHECK_HAS(outcome_of("virtual_server 10.0.0.1 80 {\n" + servers + "}\n"), "protocol = \"udp\"\n");
    CHECK_SAID(outcome_of("virtual_server 10.0.0.1 80 {\n" + servers + "}\n"), "has no protocol");
    CHECK_HAS(service_with("real_server 10.0.0.2 80 { TCP_CHECK { } }"),
              "interval = \"60s\", timeout = \"5s\", fall = 2");
    CHECK_HAS(service_with("real_server 10.0.0.2 80 { TCP_CHECK { } }"), "[ipvs]\nkeep = \"0%\"\n");
    CHECK_HAS(service_with("lb_algo sh\n" + servers), "scheduler_flags = []\n");
    CHECK_ACCEPTED(service_with("lb_algo sh\n" + servers));
}

TEST_CASE("inhibit_on_failure of all servers is that of the service") {
    const std::string one = "lb_algo rr\nreal_server 10.0.0.2 80 { inhibit_on_failure\nTCP_CHECK { } }\n";
    CHECK_HAS(service_with(one), "on_down = \"drain\"\n");
    const Outcome some = service_with(one + "real_server 10.0.0.3 80 { TCP_CHECK { } }");
    CHECK_LACKS(some, "on_down");
    CHECK_SAID(some, "changed: inhibit_on_failure: only some servers of this service have it");
    CHECK_HAS(service_with("inhibit_on_failure\n" + one), "on_down = \"drain\"\n");
}

TEST_CASE("a port that the packet does not get is that of the service") {
    const Outcome outcome = service_with("lb_kind DR\nreal_server 10.0.0.2 8080 { TCP_CHECK { } }");
    CHECK_HAS(outcome, "real_servers = [\"10.0.0.2\"]\n");
    CHECK_HAS(outcome, "type = \"tcp\", port = 8080");
    CHECK_SAID(outcome, "changed: real_server: has another port");
    CHECK_HAS(service_with("real_server 10.0.0.2 8080 { TCP_CHECK { } }"), "real_servers = [\"10.0.0.2:8080\"]\n");
}

TEST_CASE("a group becomes its services, and ports of one VIP one table") {
    const Outcome outcome = outcome_of(R"(
        virtual_server_group G {
            10.0.0.1 80
            10.0.0.1 443
            10.0.0.2-3 80
            fwmark 7
        }
        virtual_server group G {
            protocol TCP
            lb_kind DR
            real_server 10.0.0.9 0 {
            }
        }
    )"_text);
    CHECK_HAS(outcome, "vip = \"10.0.0.1\"\nport = [80, 443]\n");
    CHECK_HAS(outcome, "vip = \"10.0.0.2\"\nport = 80\n");
    CHECK_HAS(outcome, "vip = \"10.0.0.3\"\nport = 80\n");
    CHECK_HAS(outcome, "fwmark = 7\n");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("of several checkers the one counts that sees most") {
    const Outcome outcome = service_with(
        "real_server 10.0.0.2 80 {\nTCP_CHECK { }\nHTTP_GET {\nurl { path /a\nstatus_code 200\n}\nurl { path "
        "/b\n}\n}\n}");
    CHECK_HAS(outcome, "check = { type = \"http\", path = \"/a\", status = 200, ");
    CHECK_SAID(outcome, "k.conf:4: not carried: TCP_CHECK");
    CHECK_SAID(outcome, "k.conf:9: not carried: url");
}

TEST_CASE("a command whose status is no weight gets a shell that says so") {
    const auto misc = [](const std::string& more) {
        return service_with("real_server 10.0.0.2 80 { MISC_CHECK {\nmisc_path \"/c.sh a\"\nuser nobody\n" + more +
                            "\n}\n}");
    };
    CHECK_HAS(misc(""), R"(command = ["/bin/sh", "-c", '"$0" "$@" || exit 1', "/c.sh", "a"])");
    CHECK_HAS(misc("misc_dynamic"), R"(command = ["/c.sh", "a"])");
}

TEST_CASE("a quorum of weight becomes one of servers") {
    const std::string servers = "real_server 10.0.0.2 80 { weight 3\n}\nreal_server 10.0.0.3 80 { weight 3\n}\n";
    CHECK_HAS(service_with("quorum 4\n" + servers), "quorum = 2\n");
    CHECK_SAID(service_with("quorum 4\n" + servers), "changed: quorum: a weight of 4 becomes 2 servers");
    CHECK_HAS(service_with("quorum 9\n" + servers), "quorum = 2\n");
    CHECK_SAID(service_with("quorum 9\n" + servers), "is more than all real servers weigh");
}

TEST_CASE("what cannot be there twice is there once") {
    const Outcome outcome = service_with(
        "real_server 10.0.0.2 80 { }\nreal_server 10.0.0.2 80 { }\n}\n"
        "virtual_server 10.0.0.1 80 {\nprotocol TCP\nreal_server 10.0.0.3 80 { }");
    CHECK_SAID(outcome, "k.conf:4: not carried: real_server: is there already");
    CHECK_SAID(outcome, "k.conf:6: changed: virtual_server: is there already: its real servers belong to the first");
    CHECK_HAS(outcome, "real_servers = [\"10.0.0.2\", \"10.0.0.3\"]");
    CHECK_ACCEPTED(outcome);
    const Outcome other = outcome_of(
        "virtual_server 10.0.0.1 80 {\nlb_kind DR\ndelay_loop 3\nreal_server 10.0.0.2 80 { TCP_CHECK { } }\n}\n"
        "virtual_server 10.0.0.1 80 {\nprotocol UDP\ndelay_loop 4\nreal_server 10.0.0.3 80 { TCP_CHECK { } }\n}\n");
    CHECK_HAS(other, "{ address = \"10.0.0.3\", forward = \"masquerade\", check = { type = \"tcp\", interval = \"4s\"");
    CHECK_LACKS(other, "forward = \"masquerade\"\n");
}

TEST_CASE("a service without a server of its family is none") {
    CHECK_LACKS(service_with("sorry_server 10.0.0.9 80"), "[[service]]");
    CHECK_SAID(service_with("sorry_server 10.0.0.9 80"), "not carried: virtual_server: has no real servers");
    CHECK_LACKS(service_with("real_server 2001:db8::1 80 {\n}"), "[[service]]");
}

TEST_CASE("a remark about a sorry server calls it so") {
    CHECK_SAID(service_with("lb_kind DR\nsorry_server 10.0.0.9 81\nreal_server 10.0.0.2 80 {\n}"),
               "k.conf:4: changed: sorry_server: has another port than its service");
}

}  // namespace lbconverge::importer
