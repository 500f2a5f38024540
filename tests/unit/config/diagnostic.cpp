#include "lbconverge/config/diagnostic.hpp"

#include <doctest/doctest.h>

namespace lbconverge::config {

TEST_CASE("a diagnostic is one line: place, severity, what, first place, code, hint") {
    const std::vector<std::string> files = {"a.toml", "conf.d/b.toml"};
    const Diagnostic full{Severity::error, {3, 7, 1}, "it is wrong", "put it right", "LVS11", {1, 2, 0}};
    CHECK(to_text(full, files) ==
          "conf.d/b.toml:3:7: error: it is wrong (first at a.toml:1:2) [LVS11]; hint: put it right");
    CHECK(to_text({Severity::warning, {3, 7, 0}, "doubtful", {}, {}, {}}, files) == "a.toml:3:7: warning: doubtful");
}

TEST_CASE("without a line there is no place") {
    CHECK(place_text({0, 0, 0}, {"a.toml"}).empty());
    CHECK(place_text({1, 1, 0}, {}).empty());
    CHECK(to_text({Severity::error, {}, "no place", {}, {}, {}}, {"a.toml"}) == "configuration: error: no place");
}

TEST_CASE("only errors count as errors") {
    Diagnostics some;
    some.warning({1, 1, 0}, "w");
    CHECK_FALSE(some.has_errors());
    some.error({1, 1, 0}, "e");
    CHECK(some.has_errors());
}

TEST_CASE("finish sorts by file and place and drops repetitions") {
    Diagnostics some;
    some.error({1, 1, 1}, "d");
    some.error({2, 5, 0}, "c");
    some.error({2, 4, 0}, "b");
    some.error({1, 9, 0}, "a");
    some.error({2, 5, 0}, "c");
    some.error({2, 5, 0}, "c", "with another hint");
    some.finish();
    std::string order;
    for (const Diagnostic& each : some.all()) order += each.what;
    CHECK(order == "abccd");
}

TEST_CASE("append keeps what is there") {
    Diagnostics first;
    first.error({1, 1, 0}, "a");
    Diagnostics second;
    second.warning({2, 1, 0}, "b");
    first.append(second);
    REQUIRE(first.all().size() == 2);
    CHECK(first.all()[1].what == "b");
}

}  // namespace lbconverge::config
