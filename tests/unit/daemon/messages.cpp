#include "lbconverge/daemon/control.hpp"

#include <doctest/doctest.h>

using namespace lbconverge;
using namespace lbconverge::daemon;

namespace {

ControlRequest again(const ControlRequest& request) {
    const auto read = parse_request(to_text(request));
    REQUIRE(read.has_value());
    return *read;
}

/// What is wrong with it.
std::string refused(const std::string& line) {
    const auto request = parse_request(line);
    REQUIRE_FALSE(request.has_value());
    CHECK(request.error().kind == ErrorKind::usage);
    const std::string& what = request.error().what;
    const std::size_t begin = what.find('(') + 1, end = what.rfind(')');
    return what.substr(begin, end - begin);
}

std::string bad(const std::string& member) { return "\"" + member + "\" is missing, or not as it should be"; }

}  // namespace

TEST_CASE("requests are read as they were written, names of any octets as well") {
    const ControlRequest requests[] = {
        StatusRequest{},
        ApplyRequest{.file = "/etc/lb.toml", .node = "", .host = "lb1", .json = true},
        ApplyRequest{.file = "/etc/\xff%\x01\u00e4.toml", .node = "\xff\n\"", .host = "a%41", .json = false},
        DrainRequest{.server = "10.0.0.1@web", .undo = false, .json = true},
        DrainRequest{.server = "[2001:db8::1]:80", .undo = true, .json = false},
        HealthRequest{},
    };
    for (const ControlRequest& each : requests) CHECK(again(each) == each);
    CHECK(to_text(requests[1]) == R"({"command":"apply","file":"/etc/lb.toml","node":"","host":"lb1","json":true})");
    CHECK(parse_request(" {\"command\" : \"status\"}\r") == ControlRequest(StatusRequest{}));
    CHECK(parse_request(R"({"server":"a","command":"drain"})") == ControlRequest(DrainRequest{.server = "a"}));
}

TEST_CASE("a request that is not understood as a whole is not carried out") {
    for (const char* line :
         {"", "garbage", "{", "\"", "\xff", "{\"command\":\"status\"}}", "{\"command\":\"st\xff\"}"}) {
        CAPTURE(line);
        CHECK(refused(line).starts_with("parse error at line 1, column "));
    }
    CHECK(refused(std::string("{\"command\":\"status\"\0}", 21)).starts_with("parse error at line 1, column "));
    for (const char* line : {"\"x\"", "true"}) CHECK(refused(line) == "no object");
    for (const char* line :
         {"7", "-7", "1e3", "{\"command\":7}", "{\"command\":-1.5}", "{\"json\":18446744073709551616}"})
        CHECK(refused(line) == "a number");
    CHECK(refused(R"({"command":1e999})").starts_with("number overflow"));
    CHECK(refused("null") == "null");
    CHECK(refused(R"({"command":null})") == "null");
    for (const char* line : {"[]", R"({"command":["status"]})"}) CHECK(refused(line) == "a list");
    CHECK(refused(R"({"command":{}})") == "an object in an object");
    CHECK(refused(R"({"command":"apply","command":"status"})") == "a member twice");
    CHECK(refused(R"({"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":""})") == "too many members");
    CHECK(refused(std::string(60'000, '[')) == "a list");
    for (const char* line : {R"({"command":"nonesuch"})", R"({"command":true})", "{}", R"({"server":"a"})"})
        CHECK(refused(line) == "the command");
    CHECK(refused(R"({"command":"status","more":true})") == "\"more\" is not known");
    CHECK(refused(R"({"command":"drain"})") == bad("server"));
    CHECK(refused(R"({"command":"drain","server":true})") == bad("server"));
    CHECK(refused(R"({"command":"drain","server":"a","json":"yes"})") == bad("json"));
    for (const char* file : {"%", "%4", "%4g", "%FF"}) {
        CHECK(refused(std::string(R"({"command":"apply","node":"","host":"","file":")") + file + "\"}") == bad("file"));
    }
}

TEST_CASE("replies are read as they were written") {
    const ControlReply reply{.exit = 3,
                             .diagnostics = "lb.toml:1:1: error\n",
                             .errors = {"no", "\n"},
                             .texts = {"a\nb"},
                             .values = {R"({"a":[1,{}]})", "7"}};
    const std::string line = to_text(reply);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(parse_reply(line) == reply);
    CHECK(to_text(ControlReply{.values = {"{\"a\":1,\n\"b\":2}\n"}}) ==
          R"({"exit":0,"diagnostics":"","errors":[],"texts":[],"values":[{"a":1, "b":2} ]})");
    CHECK(parse_reply(to_text(ControlReply{.texts = {"\xff"}}))->texts.front() == "\uFFFD");  // whatever programs say
}

TEST_CASE("a reply of a wrong form is an error") {
    const std::string rest = R"(,"errors":[],"texts":[],"values":[],"diagnostics":"")";
    CHECK(parse_reply("{\"exit\":0" + rest + "}").has_value());
    for (const char* exit : {"-1", "256", "18446744073709551615", "1.5", "null", "\"0\"", "[]", "1e999"}) {
        CAPTURE(exit);
        CHECK_FALSE(parse_reply("{\"exit\":" + std::string(exit) + rest + "}").has_value());
    }
    for (const char* line : {"", "{", "{}", "[]", "7", "null", R"({"exit":0})",
                             R"({"exit":0,"errors":[1],"texts":[],"values":[],"diagnostics":""})",
                             R"({"exit":0,"errors":[],"texts":{},"values":[],"diagnostics":""})",
                             R"({"exit":0,"errors":[],"texts":[],"values":7,"diagnostics":""})"}) {
        CAPTURE(line);
        CHECK_FALSE(parse_reply(line).has_value());
    }
    CHECK_FALSE(parse_reply(std::string(100'000, '[')).has_value());
}
