#include "tables.hpp"

#include <fstream>
#include <random>
#include <sstream>

namespace lbconverge::importer {

namespace {

/// A virtual section with a server, and these lines below it.
std::string section(const std::string& lines, const std::string& first = "virtual=192.0.2.20:80") {
    return first + "\n\treal=192.0.2.3:80 gate\n" + lines;
}

/// The sample of the package ldirectord, GPL-2+.
std::string sample() {
    std::ifstream in(std::string(LBCONVERGE_SOURCE_DIR) + "/tests/unit/import/ldirectord.cf");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("the sample of ldirectord becomes a service with its checks and its fallback") {
    const Outcome out = from_ldirectord(sample());
    CHECK_HAS(out, "# Sample for an http virtual service\n# Web Site\n# Test load balanced web site\n[[service]]\n");
    CHECK_HAS(out, "vip = \"192.168.6.240\"\nport = 80\nscheduler = \"rr\"\n");
    CHECK_HAS(
        out,
        "path = \"/index.html\", host = \"www.x.y.z\", expect = \"Test Page\", interval = \"1s\", timeout = \"3s\"");
    CHECK_HAS(out, "fall = 1, rise = 1");
    CHECK_HAS(out, "fallback = \"127.0.0.1\"");
    CHECK_HAS(out, "real_servers = [\"192.168.6.2\", \"192.168.6.3\", \"192.168.6.6\"]");
    CHECK_LACKS(out, "on_down");
    CHECK_SAID(out, "file:16: not carried: autoreload:");
    CHECK_SAID(out, "redirections are not followed");
    CHECK_SAID(out, "does not set the addresses themselves");
    CHECK_UNSAID(out, "broken");
}

TEST_CASE("all sections of the sample that are commented out are read, too") {
    std::string text;
    std::istringstream lines(sample());
    for (std::string line; std::getline(lines, line);) {
        const bool setting = line.starts_with("#virtual") || line.starts_with("#\t");
        text += (setting ? line.substr(1) : line) + "\n";
    }
    const Outcome out = from_ldirectord(text);
    CHECK_HAS(out, "fwmark = 1");
    CHECK_HAS(out, "port = 53\nprotocol = \"udp\"");
    CHECK_HAS(out, "vip = \"2001:db8::5\"");
    CHECK_SAID(out, "\"sql03\" is no IP address, and names are not looked up");
    CHECK_SAID(out, "\":5060\" is no port");  // of 192.168.6.2::5060
    CHECK_SAID(out, "ftp: the check ends when it is connected");
    CHECK_SAID(out, "not carried: passwd: no check logs in");
    CHECK_UNSAID(out, "somesecret");
}

TEST_CASE("a virtual service is an address with a port, or a firewall mark") {
    CHECK_HAS(from_ldirectord(section("", "virtual = 192.0.2.20:80")), "vip = \"192.0.2.20\"\nport = 80\n");
    CHECK_HAS(from_ldirectord("virtual6=[2001:db8::20]:80\n\treal6=[2001:db8::3]:80 gate\n"), "vip = \"2001:db8::20\"");
    CHECK_HAS(from_ldirectord("virtual=7\n\treal=192.0.2.3 gate\n"), "fwmark = 7\n");
    CHECK_HAS(from_ldirectord("virtual6=7\n\treal6=[2001:db8::3] gate\n"), "fwmark = 7\nfamily = \"ipv6\"");
    CHECK_SAID(from_ldirectord(section("", "virtual=www.example.com:80")), "names are not looked up");
    CHECK_SAID(from_ldirectord(section("", "virtual=192.0.2.20:http")),
               "\"http\" is no port, and names are not looked up");
    CHECK_SAID(from_ldirectord(section("", "virtual=192.0.2.20")), "has no port: the section is left out");
    CHECK_SAID(from_ldirectord(section("", "virtual=192.0.2.20:0")), "refuses port 0");
    CHECK_SAID(from_ldirectord(section("", "virtual=[2001:db8::20]:80")), "virtual6, real6 and fallback6 are for IPv6");
    CHECK_SAID(from_ldirectord(section("", "virtual=0")), "a firewall mark is a number from 1");
    CHECK_SAID(from_ldirectord(section("") + section("")), "is there already: ldirectord refuses the file");
}

TEST_CASE("the protocol is that of the port, unless the file says it") {
    const std::string dns = section("\tchecktype=on\n", "virtual=192.0.2.20:53");
    CHECK_HAS(from_ldirectord(dns), "protocol = \"udp\"");
    CHECK_LACKS(from_ldirectord(dns + "\tprotocol=tcp\n"), "protocol");
    CHECK_SAID(from_ldirectord(dns + "\tprotocol=fwm\n"), "must be tcp or udp here");
    CHECK_SAID(from_ldirectord("virtual=7\n\tprotocol=tcp\n\treal=192.0.2.3 gate\n"), "must be fwm here");
}

TEST_CASE("a real server has a forwarding method, a weight, a request and thresholds") {
    const auto real = [](const std::string& text) {
        return from_ldirectord("virtual=192.0.2.20:80\n\tchecktype=on\n\treal=" + text + "\n");
    };
    CHECK_HAS(real("192.0.2.3:80 gate"), "real_servers = [\"192.0.2.3\"]");
    CHECK_HAS(real("192.0.2.3:8080 masq 5"), "forward = \"masquerade\"\n");
    CHECK_HAS(real("192.0.2.3:8080 masq 5"), "{ address = \"192.0.2.3:8080\", weight = 5 }");
    CHECK_HAS(real("192.0.2.3 ipip"), "forward = \"tunnel\"");
    CHECK_HAS(real("192.0.2.3:80 gate 2 l:50 u:100"), "upper_threshold = 100, lower_threshold = 50");
    CHECK_SAID(real("192.0.2.3:80 gate u:100 l:50"), "drops u:");
    CHECK_SAID(real("192.0.2.3:8080 gate"), "without masq the kernel keeps the port of the service, 80");
    CHECK_SAID(real("192.0.2.3:80"), "is none of gate, masq and ipip");
    CHECK_SAID(real("192.0.2.3:80 gate heavy"), "\"heavy\" means nothing in this place");
    CHECK_SAID(real("192.0.2.3:80 gate 99999999999"), "a weight is a number");
    CHECK_SAID(real("web1:80 gate"), "\"web1\" is no IP address, and names are not looked up");
    CHECK_SAID(real("192.0.2.3:99999 gate"), "\"99999\" is no port");
    const Outcome pair = from_ldirectord(section("\treal=192.0.2.4:80 gate 3 \"alive\", \"OK\"\n"));
    CHECK_HAS(pair, "weight = 3, check = { type = \"http\", path = \"/alive\", expect = \"OK\"");
    CHECK_SAID(from_ldirectord(section("\treal=192.0.2.4:80 gate 3 \"alive\"\n")), "two texts in quotes");
}

TEST_CASE("a request with a host asks the server itself") {
    const Outcome own = from_ldirectord(section("\treal=192.0.2.4:80 gate \"http://192.0.2.4:81/x y\", \"OK\"\n"));
    CHECK_HAS(own, "port = 81, path = \"/x%20y\", expect = \"OK\"");
    CHECK_UNSAID(own, "asks the real server itself");
    const Outcome other = from_ldirectord(section("\treal=192.0.2.4:80 gate \"http://www.example.com/\", \"OK\"\n"));
    CHECK_HAS(other, "host = \"www.example.com\"");
    CHECK_SAID(other, "asks the real server itself, for host \"www.example.com\"");
}

TEST_CASE("a range is a server for each of its addresses, and is bounded") {
    const auto range = [](const std::string& text) {
        return from_ldirectord("virtual=192.0.2.20:80\n\tchecktype=on\n\treal=" + text + " gate\n");
    };
    CHECK_HAS(range("192.0.2.254->192.0.3.1:80"), "[\"192.0.2.254\", \"192.0.2.255\", \"192.0.3.0\", \"192.0.3.1\"]");
    CHECK_HAS(range("192.0.2.3->192.0.2.3:80"), "[\"192.0.2.3\"]");
    CHECK_SAID(range("192.0.2.9->192.0.2.3:80"), "the lower one first");
    CHECK_SAID(range("10.0.0.0->10.1.0.0:80"), "a range has 1 to 65536 addresses");
    CHECK_SAID(range("web1->web3:80"), "names are not looked up");
    CHECK_SAID(from_ldirectord("virtual6=[2001:db8::20]:80\n\treal6=[2001:db8::3]->[2001:db8::4]:80 gate\n"),
               "knows no ranges of IPv6 addresses");
}

TEST_CASE("what checks a server follows checktype, service and port") {
    CHECK_HAS(from_ldirectord(section("")), "check = { type = \"http\"");
    CHECK_HAS(from_ldirectord(section("", "virtual=192.0.2.20:443")), "check = { type = \"https\", port = 80");
    CHECK_LACKS(from_ldirectord(section("", "virtual=192.0.2.20:4444")), "check");
    CHECK_LACKS(from_ldirectord("virtual=7\n\treal=192.0.2.3 gate\n"), "check");
    CHECK_HAS(from_ldirectord(section("\tservice=https\n\tcheckport=8443\n")), "type = \"https\", port = 8443");
    CHECK_HAS(from_ldirectord(section("\tchecktype=connect\n")), "check = { type = \"tcp\"");
    CHECK_LACKS(from_ldirectord(section("\tchecktype=on\n")), "check");
    CHECK_HAS(from_ldirectord(section("\tchecktype=ping\n")), "/bin/ping");
    CHECK_HAS(from_ldirectord(section("\tchecktype=connect\n\tprotocol=udp\n")), "/bin/ping");
    CHECK_SAID(from_ldirectord(section("\tchecktype=3\n")), "every check negotiates");
    CHECK_SAID(from_ldirectord(section("\tservice=mysql\n")), "mysql: the check ends when it is connected");
    CHECK_HAS(from_ldirectord(section("\tservice=radius\n\tprotocol=udp\n")), "type = \"udp\"");
    const Outcome off = from_ldirectord(section("\tchecktype=off\n"));
    CHECK_HAS(off, "weight = 0");
    CHECK_SAID(off, "off: all real servers have weight 0");
    CHECK_SAID(from_ldirectord(section("\tchecktype=conect\n")), "did you mean \"connect\"?");
    CHECK_SAID(from_ldirectord(section("\tservice=htp\n")), "did you mean");
    CHECK_SAID(from_ldirectord("virtual=7\n\tchecktype=connect\n\treal=192.0.2.3 gate\n"), "which port is checked");
}

TEST_CASE("an external check is a command with ldirectord's arguments") {
    const Outcome program = from_ldirectord(section("\tchecktype=external\n\tcheckcommand=\"/bin/probe\"\n"));
    CHECK_HAS(program, R"("/bin/probe", "192.0.2.20", "80", "192.0.2.3", "80"])");
    CHECK_HAS(program, "user = \"root\"");
    CHECK_HAS(program, "timeout = \"5s\"");
    const Outcome perl = from_ldirectord(section("\tchecktype=external-perl\n\tcheckcommand=/x.pl\n"));
    CHECK_HAS(perl, R"("/usr/bin/perl", "/x.pl")");
    CHECK_SAID(perl, "a process for each check");
    const Outcome mark =
        from_ldirectord("virtual6=7\n\tchecktype=external\n\tcheckcommand=probe\n\treal6=[2001:db8::3]:80 gate\n");
    CHECK_HAS(mark, R"("/usr/bin/env", "probe", "7", "0", "[2001:db8::3]", "80"])");
    CHECK_SAID(from_ldirectord(section("\tchecktype=external\n\tcheckcommand=/bin/a b\n")), "the name of one program");
}

TEST_CASE("a regular expression that stands for one text is carried over") {
    const auto receive = [](const std::string& text) {
        return from_ldirectord(section("\treceive=\"" + text + "\"\n"));
    };
    CHECK_HAS(receive("Test Page"), "expect = \"Test Page\"");
    CHECK_HAS(receive(".*alive\\.\\(1\\).*"), "expect = \"alive.(1)\"");
    CHECK_LACKS(receive("^OK$"), "expect");
    CHECK_SAID(receive("^OK$"), "not for the regular expression \"^OK$\"");
    CHECK_LACKS(receive("\\d+"), "expect");
    CHECK_SAID(receive("a.b"), "expect = \"a.b\" of the check, if each dot means itself");
    CHECK_SAID(from_ldirectord(section("\treceive=OK\n")), "wants a text in double quotes");
    CHECK_SAID(from_ldirectord(section("\treceive=\"a#b\"\n")), "begins a comment even in quotes");
}

TEST_CASE("a check of DNS asks for a name, and may expect an address") {
    const auto dns = [](const std::string& lines) { return from_ldirectord(section(lines, "virtual=192.0.2.20:53")); };
    CHECK_HAS(dns("\trequest=\"x.y.z\"\n\treceive=\"192.0.2.9\"\n"), "host = \"x.y.z\", expect = \"192.0.2.9\"");
    CHECK_HAS(dns("\trequest=\"x.y.z\"\n\treceive=\"192\\.0\\.2\\.9\"\n"), "expect = \"192.0.2.9\"");
    CHECK_SAID(dns("\trequest=\"x.y.z\"\n\treceive=\"192.0.2.(8|9)\"\n"), "of an answer a check knows one address");
    CHECK_SAID(dns("\trequest=\"x.y.z\"\n"), "ldirectord takes every server for down");
    CHECK_SAID(dns("\trequest=\"192.0.2.9\"\n\treceive=\"x\"\n"), "any answer is good");
    CHECK_SAID(dns("\tprotocol=tcp\n\trequest=\"x.y.z\"\n\treceive=\"192.0.2.9\"\n"), "over UDP");
}

TEST_CASE("each time-out is the default of the other one") {
    const auto timeout = [](const std::string& all, const std::string& own) {
        return from_ldirectord(all + section(own));
    };
    CHECK_HAS(timeout("", ""), "interval = \"10s\", timeout = \"30s\", fall = 1");
    CHECK_HAS(timeout("", "\tchecktype=connect\n"), "timeout = \"5s\"");
    CHECK_HAS(timeout("checktimeout=7\n", ""), "timeout = \"7s\"");
    CHECK_HAS(timeout("checktimeout=7\nnegotiatetimeout=9\n", ""), "timeout = \"9s\"");
    CHECK_HAS(timeout("negotiatetimeout=9\n", "\tchecktimeout=7\n"), "timeout = \"7s\"");
    CHECK_HAS(timeout("negotiatetimeout=9\n", "\tchecktype=connect\n"), "timeout = \"9s\"");
    CHECK_HAS(timeout("", "\tchecktype=connect\n\tnegotiatetimeout=9\n"), "timeout = \"9s\"");
}

TEST_CASE("an interval, failures and attempts become those of the check") {
    CHECK_HAS(from_ldirectord("checkinterval=4\nfailurecount=2\n" + section("")),
              "interval = \"4s\", timeout = \"30s\", fall = 2");
    CHECK_HAS(from_ldirectord("failurecount=2\n" + section("\tfailurecount=5\n")), "fall = 5");
    CHECK_HAS(from_ldirectord("fork=yes\ncheckinterval=4\n" + section("\tcheckinterval=6\n")), "interval = \"6s\"");
    const Outcome single = from_ldirectord(section("\tcheckinterval=6\n"));
    CHECK_HAS(single, "interval = \"10s\"");
    CHECK_SAID(single, "counts in a section only with fork=yes");
    const Outcome ping = from_ldirectord("failurecount=2\n" + section("\tchecktype=ping\n\tcheckcount=4\n"));
    CHECK_HAS(ping, "fall = 8");
    CHECK_SAID(ping, "attempts follow at the interval of the check");
    CHECK_SAID(from_ldirectord("checkinterval=5s\n" + section("")), "\"5s\" counts as 5, as for ldirectord");
    CHECK_SAID(from_ldirectord("checkinterval=0\n" + section("")), "is no number from 1 to 86400");
    CHECK_SAID(from_ldirectord("checkinterval=99999999999999999999\n" + section("")), "is no number from");
}

TEST_CASE("quiescent is on_down, and what is said in a section comes before what is said for all") {
    CHECK_HAS(from_ldirectord("quiescent=yes\n" + section("")), "on_down = \"drain\"");
    CHECK_LACKS(from_ldirectord("quiescent=yes\n" + section("\tquiescent=no\n")), "on_down");
    CHECK_HAS(from_ldirectord(section("") + "quiescent=yes\n"), "on_down = \"drain\"");
    CHECK_SAID(from_ldirectord(section("")), "its program takes no");
    CHECK_UNSAID(from_ldirectord("quiescent=no\n" + section("")), "its program takes no");
    CHECK_SAID(from_ldirectord("quiescent=maybe\n" + section("")), "is neither yes nor no");
    CHECK_SAID(from_ldirectord(section("")), "cleanstop: services stay");
    CHECK_UNSAID(from_ldirectord("cleanstop=no\n" + section("")), "cleanstop");
}

TEST_CASE("a fallback is that of the section, or that of the file with its port or the section's") {
    CHECK_HAS(from_ldirectord("fallback=127.0.0.1\n" + section("")), "fallback = \"127.0.0.1\"");
    CHECK_HAS(from_ldirectord("fallback=127.0.0.1\n" + section("\tfallback=192.0.2.9 ipip\n")),
              "fallback = { address = \"192.0.2.9\", forward = \"tunnel\" }");
    CHECK_HAS(from_ldirectord(section("\tfallback=192.0.2.9:81 masq\n")), "\"192.0.2.9:81\", forward = \"masquerade\"");
    CHECK_SAID(from_ldirectord(section("\tfallback=192.0.2.9:81\n")), "without masq the kernel keeps the port");
    CHECK_HAS(
        from_ldirectord("fallback6=[2001:db8::9]:80\nvirtual6=[2001:db8::20]:80\n\treal6=[2001:db8::3]:80 gate\n"),
        "fallback = \"2001:db8::9\"");
    CHECK_LACKS(from_ldirectord("fallback6=[2001:db8::9]:80\n" + section("")), "fallback");
    const Outcome mark = from_ldirectord("fallback=127.0.0.1\nvirtual=7\n\treal=192.0.2.3 gate\n");
    CHECK_LACKS(mark, "fallback");
    CHECK_SAID(mark, "does not work for firewall marks");
    CHECK_SAID(from_ldirectord(section("\tfallback6=[::1]:80\n")), "of another address family than its section");
    CHECK_SAID(from_ldirectord("fallback=127.0.0.1 nat\n" + section("")), "\"nat\" is none of gate, masq and ipip");
}

TEST_CASE("scheduler, flags, persistence, netmask and one-packet scheduling") {
    CHECK_HAS(from_ldirectord(section("")), "scheduler = \"wrr\"");
    CHECK_HAS(from_ldirectord(section("\tscheduler=mh\n\tschedflags=mh-port\n")), "scheduler_flags = [\"mh-port\"]");
    CHECK_SAID(from_ldirectord(section("\tscheduler=mh\n\tschedflags=mh-prot\n")), "did you mean \"mh-port\"?");
    CHECK_SAID(from_ldirectord(section("\tscheduler=rrr\n")), "is no scheduler of Linux: the default wrr");
    CHECK_HAS(from_ldirectord(section("\tpersistent=600\n\tnetmask=255.255.255.0\n")),
              "persistence_mask = \"255.255.255.0\"");
    CHECK_SAID(from_ldirectord(section("\tnetmask=255.255.255.0\n")), "means nothing without persistent");
    CHECK_SAID(from_ldirectord(section("\tpersistent=0\n")), "is no number from 1");
    CHECK_HAS(from_ldirectord(section("\tops=yes\n\tprotocol=udp\n\tchecktype=on\n")), "one_packet = true");
    CHECK_SAID(from_ldirectord(section("\tops=yes\n")), "works for UDP only");
}

TEST_CASE("what has no counterpart is said, with what to do instead") {
    for (const char* each : {"emailalert=\"a@b\"", "emailalertfreq=3", "emailalertstatus=all", "smtp=mail",
                             "emailalertfrom=x", "fallbackcommand=/x", "logfile=\"/x\"", "autoreload=yes",
                             "callback=\"/x\"", "execute=other", "readdquiescent=no", "maintenancedir=/x"}) {
        const std::string line = each;
        CHECK_SAID(from_ldirectord(line + "\n" + section("")),
                   "file:1: not carried: " + line.substr(0, line.find('=')) + ": ");
    }
    for (const char* each : {"login=\"u\"", "passwd=\"p\"", "database=\"d\"", "secret=\"s\"", "monitorfile=/x"}) {
        const std::string line = each;
        CHECK_SAID(from_ldirectord(section("\t" + line + "\n")),
                   "file:3: not carried: " + line.substr(0, line.find('=')) + ": ");
    }
    CHECK_SAID(from_ldirectord(section("\thttpmethod=head\n")), "a check asks with GET");
    CHECK_SAID(from_ldirectord("timeout=3\n" + section("")), "a word of the past");
    CHECK_UNSAID(from_ldirectord("supervised\nfork=no\n" + section("\tload=\"x\"\n")), "broken");
}

TEST_CASE("comments and notes near a section or a server come along") {
    const Outcome out = from_ldirectord(
        "# the farm\n\n# the shop\n#persistent=5\nvirtual=192.0.2.20:80 # from 2019\n\tchecktype=on\n"
        "\tservicename=Shop\n\t# the big one\n\treal=192.0.2.3:80 gate # rack 3\n");
    CHECK_HAS(out, "# the farm\n\n");
    CHECK_HAS(out, "# the shop\n# Shop\n");
    CHECK_HAS(out, "from 2019");
    CHECK_HAS(out, "# the big one\n");
    CHECK_HAS(out, "# rack 3");
    CHECK_LACKS(out, "persistent");
}

TEST_CASE("a line in the wrong place is read as it was meant, or passed over, with a word") {
    CHECK_SAID(from_ldirectord("virtual=192.0.2.20:80\n  real=192.0.2.3:80 gate\n"),
               "not indented by four spaces or a tab");
    CHECK_HAS(from_ldirectord("virtual=192.0.2.20:80\nreal=192.0.2.3:80 gate\n"), "192.0.2.3");
    CHECK_HAS(from_ldirectord("virtual=192.0.2.20:80\n    real=192.0.2.3:80 gate\n"), "192.0.2.3");
    CHECK_HAS(from_ldirectord("virtual=192.0.2.20:80\n \t  real=192.0.2.3:80 gate\n"), "192.0.2.3");
    const Outcome gap = from_ldirectord("virtual=192.0.2.20:80\n\n\treal=192.0.2.3:80 gate\n\tscheduler=rr\n");
    CHECK_HAS(gap, "scheduler = \"rr\"");
    CHECK_SAID(gap, "file:3: broken: real: comes after the end of its section");
    CHECK_SAID(from_ldirectord("\treal=192.0.2.3:80 gate\n"), "no section is open");
    CHECK_SAID(from_ldirectord("real=192.0.2.3:80 gate\n"), "belongs into a section");
    CHECK_SAID(from_ldirectord(section("\tautoreload=yes\n")), "does not belong into a section");
    CHECK_SAID(from_ldirectord(section("\tshceduler=rr\n")), "did you mean \"scheduler\"?");
    CHECK_SAID(from_ldirectord("vritual=192.0.2.20:80\n"), "did you mean \"virtual\"?");
    CHECK_SAID(from_ldirectord(section("\tscheduler rr\n")), "is no directive");
}

TEST_CASE("line ends of other systems, a byte order mark and other octets") {
    CHECK_HAS(from_ldirectord("\xef\xbb\xbfvirtual=192.0.2.20:80\r\n\treal=192.0.2.3:80 gate\r\n\tquiescent=yes\r\n"),
              "on_down = \"drain\"");
    CHECK_SAID(from_ldirectord("# caf\xe9\n" + section("")), "is not UTF-8");
    CHECK_LACKS(from_ldirectord(""), "service");
}

TEST_CASE("no octets and no order of lines make it fail") {
    std::istringstream lines(sample());
    std::vector<std::string> known;
    for (std::string line; std::getline(lines, line);) known.push_back(line.starts_with('#') ? line.substr(1) : line);
    std::mt19937 random(13);
    for (int round = 0; round < 300; ++round) {
        std::string text;
        for (int i = 0; i < 40; ++i) text += known[random() % known.size()] + "\n";
        for (int i = 0; i < 8; ++i) text[random() % text.size()] = static_cast<char>(random() % 256);
        from_ldirectord(text);
    }
}

TEST_CASE("keepalived is not named in remarks about another program") {
    const Outcome out = from_ldirectord(
        "virtual = 192.0.2.20:80\n real = 192.0.2.3:80 gate\n service = http\n request = \"/\"\n receive = \"ok\"\n");
    CHECK_SAID(out, "changed: virtual: keep = \"0%\"");
    CHECK_UNSAID(out, "without alpha");
}

TEST_CASE("the servers of a section that is left out are named") {
    const Outcome outcome = from_ldirectord(
        "virtual=10.0.0.1\n\treal=10.0.0.2:80 gate\n\treal=10.0.0.3:80 gate\n\nvirtual=10.0.0.1:80\n"
        "\treal=10.0.0.4:80 gate\n");
    CHECK_SAID(outcome,
               "file:2: not carried: real: is left out with its section; also at line 3; hint: mend the virtual=");
    CHECK_HAS(outcome, "10.0.0.4");
}

}  // namespace lbconverge::importer
