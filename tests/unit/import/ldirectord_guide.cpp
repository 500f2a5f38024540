#include "ldirectord_reader.hpp"

#include "ldirectord.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace lbconverge::importer {

TEST_CASE("the chapter on ldirectord has the table of directives") {
    const std::string path = std::string(LBCONVERGE_SOURCE_DIR) + "/packaging/manual/ldirectord.md";
    std::stringstream read;
    read << std::ifstream(path).rdbuf();
    std::string text = read.str();
    const std::size_t begin = text.find("| directive | where | here |");
    REQUIRE(begin != std::string::npos);
    if (std::getenv("LBCONVERGE_WRITE_GUIDE") != nullptr) {
        text.replace(begin, std::string::npos, ldirectord_guide());
        std::ofstream(path, std::ios::binary) << text;
    } else {
        CHECK(text.substr(begin) == ldirectord_guide());
    }
}

TEST_CASE("every directive of ldirectord's manual page is in the table") {
    for (const char* each : {"checktimeout",
                             "negotiatetimeout",
                             "checkinterval",
                             "checkcount",
                             "failurecount",
                             "autoreload",
                             "callback",
                             "fallback",
                             "fallback6",
                             "fallbackcommand",
                             "logfile",
                             "emailalert",
                             "emailalertfrom",
                             "emailalertfreq",
                             "emailalertstatus",
                             "smtp",
                             "execute",
                             "supervised",
                             "fork",
                             "quiescent",
                             "readdquiescent",
                             "cleanstop",
                             "maintenancedir",
                             "real",
                             "real6",
                             "checktype",
                             "service",
                             "checkcommand",
                             "checkport",
                             "request",
                             "receive",
                             "httpmethod",
                             "virtualhost",
                             "login",
                             "passwd",
                             "database",
                             "secret",
                             "scheduler",
                             "persistent",
                             "netmask",
                             "protocol",
                             "monitorfile",
                             "ops",
                             "servicename",
                             "comment"}) {
        CAPTURE(each);
        CHECK(ldirectord::find_directive(each) != nullptr);
    }
}

}  // namespace lbconverge::importer
