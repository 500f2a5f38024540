#include "tables.hpp"

namespace lbconverge::importer {

namespace {

/// A service with this option of ipvsadm, and a server.
Outcome service(const std::string& option) {
    return from_ipvsadm("-A -t 192.0.2.20:80 " + option + "\n-a -t 192.0.2.20:80 -r 192.0.2.3:80 -g -w 1\n");
}

/// A server with this option of ipvsadm.
Outcome server(const std::string& option) {
    return from_ipvsadm("-A -t 192.0.2.20:80 -s rr\n-a -t 192.0.2.20:80 -r 192.0.2.3:80 " + option + "\n");
}

}  // namespace

TEST_CASE("a whole table of ipvsadm -Sn") {
    const Outcome out = from_ipvsadm(R"(-A -t 192.0.2.20:80 -s wrr -p 300 -M 255.255.255.0
-a -t 192.0.2.20:80 -r 192.0.2.3:80 -g -w 1
-a -t 192.0.2.20:80 -r 192.0.2.4:80 -g -w 3 -x 100 -y 50
-A -t [2001:db8::20]:80 -s mh -b mh-port
-a -t [2001:db8::20]:80 -r [2001:db8::3]:80 -m -w 1
-A -u 192.0.2.20:53 -s rr -o
-a -u 192.0.2.20:53 -r 192.0.2.3:5353 -m -w 1
-A --sctp-service 192.0.2.20:3868 -s wlc
-a --sctp-service 192.0.2.20:3868 -r 192.0.2.3:3868 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
-A -f 7 -s sh -b sh-port
-a -f 7 -r 192.0.2.3:0 -g -w 1
-A -f 7 -6 -s sh
-a -f 7 -6 -r [2001:db8::3]:0 -g -w 1
)");
    CHECK_HAS(out, "vip = \"192.0.2.20\"\nport = 80\nscheduler = \"wrr\"\npersistence = \"5m\"\n");
    CHECK_HAS(out, "persistence_mask = \"255.255.255.0\"");
    CHECK_HAS(out,
              "[\"192.0.2.3\", { address = \"192.0.2.4\", weight = 3, upper_threshold = 100, lower_threshold = 50 }]");
    CHECK_HAS(out,
              "vip = \"2001:db8::20\"\nport = 80\nscheduler = \"mh\"\nscheduler_flags = [\"mh-port\"]\nforward = "
              "\"masquerade\"");
    CHECK_HAS(out, "protocol = \"udp\"\nscheduler = \"rr\"\nforward = \"masquerade\"\none_packet = true");
    CHECK_HAS(out, "\"192.0.2.3:5353\"");
    CHECK_HAS(out, "protocol = \"sctp\"\nforward = \"tunnel\"");
    CHECK_HAS(out, "tunnel_type = \"gue\", tunnel_port = 6080, tunnel_checksum = \"remote\"");
    CHECK_HAS(out, "fwmark = 7\nscheduler = \"sh\"");
    CHECK_HAS(out, "fwmark = 7\nfamily = \"ipv6\"");
    CHECK_SILENT(out);
}

TEST_CASE("both spellings of the options of a service") {
    CHECK_HAS(from_ipvsadm(
                  "/sbin/ipvsadm --add-service --tcp-service=192.0.2.20:80 --scheduler rr\n"
                  "ipvsadm --add-server --tcp-service 192.0.2.20:80 --real-server 192.0.2.3 --gatewaying --weight=2\n"),
              "scheduler = \"rr\"\nreal_servers = [{ address = \"192.0.2.3\", weight = 2 }]");
    CHECK_HAS(from_ipvsadm("--add-service --udp-service 192.0.2.20:53 --ops\n-a -u 192.0.2.20:53 -r 192.0.2.3\n"),
              "one_packet");
    CHECK_HAS(from_ipvsadm("-A --fwmark-service 9 --ipv6\n-a -f 9 -6 -r [2001:db8::3]\n"),
              "fwmark = 9\nfamily = \"ipv6\"");
    CHECK_HAS(service("--persistent 60 --netmask 255.255.0.0 --pe sip"), "persistence_engine = \"sip\"");
    CHECK_HAS(service("-s sh --sched-flags sh-fallback,sh-port"), "scheduler_flags = [\"sh-fallback\", \"sh-port\"]");
}

TEST_CASE("both spellings of the options of a server") {
    CHECK_HAS(server("-m -w 0"), "weight = 0");
    CHECK_HAS(server("--masquerading"), "forward = \"masquerade\"");
    CHECK_HAS(server("--ipip"), "forward = \"tunnel\"");
    CHECK_HAS(server("-i --tun-type gre --tun-csum"), "tunnel_type = \"gre\", tunnel_checksum = \"checksum\"");
    CHECK_LACKS(server("-i --tun-type gre --tun-nocsum"), "tunnel_checksum");
    CHECK_HAS(server("--u-threshold 9 --l-threshold 4"), "upper_threshold = 9, lower_threshold = 4");
}

TEST_CASE("persistence without a number is five minutes") {
    CHECK_HAS(service("-p"), "persistence = \"5m\"");
    CHECK_HAS(service("--persistent -s rr"), "persistence = \"5m\"");
    CHECK_HAS(service("-p 60"), "persistence = \"60s\"");
    CHECK_HAS(service("-p60"), "persistence = \"60s\"");
    CHECK_SAID(service("-p 0"), "is no number from 1");
}

TEST_CASE("without a word the scheduler is wlc and packets go directly") {
    const Outcome out = from_ipvsadm("-A -t 192.0.2.20:80\n-a -t 192.0.2.20:80 -r 192.0.2.3:80\n");
    CHECK_LACKS(out, "scheduler");
    CHECK_LACKS(out, "forward");
    CHECK_SAID(service("-s rrr"), "is no scheduler of Linux");
    CHECK_SAID(service("-s mh -b mh-prot"), "did you mean \"mh-port\"?");
    CHECK_SAID(service("-p --pe sips"), "one persistence engine");
    CHECK_SAID(server("-i --tun-type gro"), "is none of ipip, gue and gre");
}

TEST_CASE("the last command counts, as for the kernel") {
    const std::string two =
        "-A -t 192.0.2.20:80 -s rr -p 60\n-a -t 192.0.2.20:80 -r 192.0.2.3:80 -w 2\n"
        "-a -t 192.0.2.20:80 -r 192.0.2.4:80\n";
    CHECK_HAS(from_ipvsadm(two + "-e -t 192.0.2.20:80 -r 192.0.2.3:80 -w 7\n"), "weight = 7 }, \"192.0.2.4\"]");
    CHECK_HAS(from_ipvsadm(two + "-d -t 192.0.2.20:80 -r 192.0.2.3:80\n"), "real_servers = [\"192.0.2.4\"]");
    const Outcome edited = from_ipvsadm(two + "-E -t 192.0.2.20:80 -s sed\n");
    CHECK_HAS(edited, "scheduler = \"sed\"\nreal_servers");
    CHECK_LACKS(edited, "persistence");
    CHECK_SAID(outcome_from(import_ipvsadm, two + "-D -t 192.0.2.20:80\n"), "nothing in it has a place");
    CHECK_SAID(outcome_from(import_ipvsadm, two + "-C\n"), "nothing in it has a place");
    CHECK_HAS(from_ipvsadm(two + "-Z\n-Ln\n-L --stats --rate -c --timeout --sort\n"), "192.0.2.4");
}

TEST_CASE("a line that ipvsadm refuses is passed over with a word") {
    CHECK_SAID(from_ipvsadm("-a -t 192.0.2.20:80 -r 192.0.2.3:80\n"), "there is no such service yet");
    CHECK_SAID(from_ipvsadm("-E -t 192.0.2.20:80\n"), "the service is not there yet");
    CHECK_SAID(service("\n-A -t 192.0.2.20:80"), "the service is there already");
    CHECK_SAID(server("\n-a -t 192.0.2.20:80 -r 192.0.2.3:80"), "the server is there already");
    CHECK_SAID(server("\n-e -t 192.0.2.20:80 -r 192.0.2.9:80"), "the server is not there yet");
    CHECK_SAID(from_ipvsadm("-A -t www.example.com:http\n"), "names of hosts and ports are not looked up");
    CHECK_SAID(from_ipvsadm("-A -f 0\n"), "is no firewall mark");
    CHECK_SAID(from_ipvsadm("-A -s rr\n"), "names no service");
    CHECK_SAID(from_ipvsadm("-A -t\n"), "has no value");
    CHECK_SAID(from_ipvsadm("-t 192.0.2.20:80\n"), "a command comes first");
    CHECK_SAID(server("--heavy"), "ipvsadm has no such option");
    CHECK_SAID(server("-w heavy"), "\"heavy\" is no number from 0");
    CHECK_SAID(from_ipvsadm("iptables -A INPUT -j ACCEPT\n"), "is no command of ipvsadm");
}

TEST_CASE("only masquerading goes to another port") {
    const auto port = [](const std::string& method) {
        return from_ipvsadm("-A -t 192.0.2.20:80\n-a -t 192.0.2.20:80 -r 192.0.2.3:8080 " + method + "\n");
    };
    CHECK_HAS(port("-m"), "192.0.2.3:8080");
    CHECK_LACKS(port("-g"), "8080");
    CHECK_SAID(port("-g"), "without masquerading ipvsadm uses the port of the service, 80");
}

TEST_CASE("time-outs and the synchronisation") {
    CHECK_HAS(from_ipvsadm("--set 900 120 0\n"), "[ipvs.timeouts]\ntcp = \"15m\"\ntcp_fin = \"2m\"\n");
    CHECK_SAID(from_ipvsadm("--set 900\n"), "takes three numbers");
    const Outcome sync = from_ipvsadm("--start-daemon master --mcast-interface eth0 --syncid 5 --mcast-port 9000\n");
    CHECK_HAS(sync, "[ipvs.sync]\ninterface = \"eth0\"\nid = 5\nport = 9000\n");
    CHECK_LACKS(from_ipvsadm("--start-daemon master --mcast-interface eth0\n--stop-daemon master\n"), "sync");
    CHECK_SAID(from_ipvsadm("--start-daemon master\n"), "names no interface");
    CHECK_SAID(from_ipvsadm("--start-daemon master --mcast-interface eth0 --sync-maxlen 1400\n"),
               "the kernel's own length");
}

TEST_CASE("comments, empty lines, other line ends and other octets") {
    CHECK_HAS(from_ipvsadm("# a table\r\n\r\n-A -t 192.0.2.20:80\r\n-a -t 192.0.2.20:80 -r 192.0.2.3\r\n"),
              "192.0.2.3");
    from_ipvsadm("-A -t 192.0.2.20:80 -s \xff\n\xfe\n--\n-\n\"\n-A -\n-p\n");
}

}  // namespace lbconverge::importer
