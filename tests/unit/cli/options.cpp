#include "options.hpp"

#include "lbconverge/model/exit.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <vector>

namespace lbconverge::cli {

namespace {

Result<Options> parse(std::initializer_list<const char*> words) {
    std::vector<std::string> owned{"lbconverge"};
    owned.insert(owned.end(), words.begin(), words.end());
    std::vector<char*> pointers;
    for (std::string& each : owned) pointers.push_back(each.data());
    return parse_options(static_cast<int>(pointers.size()), pointers.data());
}

/// What is wrong with the command line; it must be wrong.
std::string wrong(std::initializer_list<const char*> words) {
    const Result<Options> options = parse(words);
    if (options) return "accepted";
    CHECK(options.error().kind == ErrorKind::usage);
    CHECK(exit_code(options.error().kind) == 64);
    CHECK_FALSE(options.error().hint.empty());
    return options.error().what;
}

}  // namespace

TEST_CASE("options may stand before and after the command") {
    const auto options =
        parse({"-c", "x.toml", "--node", "lb1", "diff", "--json", "--as=master", "--against", "s.json"});
    REQUIRE(options.has_value());
    CHECK(options->config == "x.toml");
    CHECK(options->node == "lb1");
    CHECK(options->command == "diff");
    CHECK(options->json);
    CHECK(options->as == ElectionState::master);
    CHECK(options->against == "s.json");
    CHECK_FALSE(options->help);
}

TEST_CASE("what is not said has the defaults of the interface") {
    const auto options = parse({"apply"});
    REQUIRE(options.has_value());
    CHECK(options->config == "/etc/lbconverge/lbconverge.toml");
    CHECK(options->node.empty());
    CHECK(options->format == "toml");
    CHECK_FALSE(options->as.has_value());
    CHECK_FALSE((options->json || options->dry_run || options->prune_foreign));
}

TEST_CASE("every command of this version is known") {
    for (const char* command : {"check", "diff", "apply", "show", "release", "doctor"}) {
        CHECK_MESSAGE(parse({command}).has_value(), std::string(command));
    }
    const auto explain = parse({"explain", "192.0.2.20"});
    REQUIRE(explain.has_value());
    CHECK(explain->arguments == std::vector<std::string>{"192.0.2.20"});
}

TEST_CASE("a command line that makes no sense says what is wrong with it") {
    CHECK(wrong({}) == "no command given");
    CHECK(wrong({"aply"}) == R"(there is no command "aply")");
    CHECK(wrong({"diff", "now"}) == R"("diff" takes no argument)");
    CHECK(wrong({"explain"}) == R"("explain" takes one argument, an address)");
    CHECK(wrong({"explain", "a", "b"}) == R"("explain" takes one argument, an address)");
    CHECK(wrong({"lookup", "a"}) == R"("lookup" takes two arguments, a service and a client)");
    CHECK(parse({"lookup", "a", "b"}).has_value());
    CHECK(wrong({"diff", "--as", "boss"}) == R"(--as takes master or backup, not "boss")");
    CHECK(wrong({"diff", "--as", "undecided"}) == R"(--as takes master or backup, not "undecided")");
    CHECK(wrong({"diff", "--against", "a", "--from", "b"}) == "--against and --from exclude each other");
    CHECK(wrong({"show", "--format", "yaml"}) == "--format takes toml or snapshot");
    CHECK(wrong({"diff", "--nonsense"}).find("nonsense") != std::string::npos);
    CHECK(wrong({"diff", "--node"}).find("node") != std::string::npos);
    CHECK(wrong({"diff", "--jso"}).find("jso") != std::string::npos);  // no abbreviations
    CHECK(wrong({"diff", "--json", "--json"}) != "accepted");
    CHECK(wrong({"diff", "--log-level", "loud"}) == R"(--log-level takes error, warning, info or debug, not "loud")");
}

TEST_CASE("an option that would do nothing is refused, and said to belong elsewhere") {
    CHECK(wrong({"apply", "--from", "b"}) == "--from does not go with apply");
    CHECK(wrong({"run", "--as", "master"}) == "--as does not go with run");
    CHECK(wrong({"--watch", "apply"}) == "--watch does not go with apply");
    CHECK(wrong({"check", "--json"}) == "--json does not go with check");
    CHECK(wrong({"diff", "--seed", "1"}) == "--seed does not go with diff");
    CHECK(parse({"diff", "--arp"}).error().hint == "it belongs to: doctor");
    CHECK(parse({"doctor", "--as", "master", "--arp", "--vrrp", "--json"}).has_value());
    CHECK(parse({"status", "--watch", "--json"}).has_value());
    CHECK(parse({"--prune-foreign", "diff", "--against", "s.json"}).has_value());
    CHECK(parse({"release", "--dry-run", "--json"}).has_value());
}

TEST_CASE("help and version come before anything else is looked at") {
    const auto help = parse({"--help"});
    REQUIRE(help.has_value());
    REQUIRE(help->help.has_value());
    for (const char* word : {"check", "diff", "apply", "show", "explain", "release", "COMMAND --help", "--netns"}) {
        CHECK_MESSAGE(help->help->find(word) != std::string::npos, std::string(word));
    }
    for (const auto& of_diff :
         {parse({"diff", "--help"}), parse({"-h", "diff"}), parse({"diff", "x", "-h", "--arp"})}) {
        REQUIRE(of_diff.has_value());
        CHECK(of_diff->help->find("--against") != std::string::npos);
    }
    CHECK(parse({"-h", "nonsense"})->help.has_value());
    CHECK(parse({"--version"})->help->starts_with("lbconverge "));
}

TEST_CASE("exit codes are those of the interface") {
    CHECK(exit_code(ErrorKind::failed) == 1);
    CHECK(exit_code(ErrorKind::world_moved) == 1);
    CHECK(exit_code(ErrorKind::refused) == 4);
    CHECK(exit_code(ErrorKind::usage) == 64);
    CHECK(exit_code(ErrorKind::invalid_input) == 65);
    CHECK(exit_code(ErrorKind::kernel_lacks) == 69);
    CHECK(exit_code(ErrorKind::busy) == 75);
    CHECK(exit_code(ErrorKind::not_permitted) == 77);
    CHECK((exit_to_do == 2 && exit_not_converged == 3));
}

TEST_CASE("simulate takes a file, and what makes a run") {
    const auto plain = parse({"simulate"});
    REQUIRE(plain.has_value());
    CHECK((plain->arguments.empty() && plain->seed == 1 && plain->runs == 1 && plain->faults == "all"));
    CHECK(plain->duration == std::chrono::seconds(60));
    CHECK_FALSE(plain->only.has_value());
    const auto full = parse({"simulate", "x.toml", "--seed", "7", "--runs=100", "--duration", "1500ms", "--faults",
                             "loss,stop", "--only", "3,7:20ms", "--svg", "x.svg"});
    REQUIRE(full.has_value());
    CHECK(full->arguments == std::vector<std::string>{"x.toml"});
    CHECK((full->seed == 7 && full->runs == 100 && full->faults == "loss,stop" && full->svg == "x.svg"));
    CHECK(full->duration == std::chrono::milliseconds(1500));
    CHECK(full->only == "3,7:20ms");
    CHECK(parse({"simulate", "--json"})->json);
    CHECK(wrong({"simulate", "a", "b"}) == R"("simulate" takes one file)");
    CHECK(wrong({"simulate", "--runs", "0"}) == "--runs takes 1 and more");
    CHECK(wrong({"simulate", "--duration", "soon"}) == R"(--duration takes 1s to 24h, not "soon")");
    CHECK(wrong({"simulate", "--duration", "10ms"}) == R"(--duration takes 1s to 24h, not "10ms")");
    CHECK(wrong({"simulate", "--seed", "x"}) != "accepted");
}

}  // namespace lbconverge::cli
