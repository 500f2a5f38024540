#include "textfile.hpp"

#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace lbconverge::cli {

namespace fs = std::filesystem;

namespace {

std::string file_content(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("the metrics of a run replace the file in one step, and leave nothing else behind") {
    std::string name = (fs::temp_directory_path() / "lbconverge-textfile.XXXXXX").string();
    const fs::path folder = ::mkdtemp(name.data());
    const std::string file = (folder / "lb.prom").string();
    std::ofstream(file) << "old\n";
    REQUIRE(prepare_textfile(file));
    CHECK(file_content(file) == "old\n");
    REQUIRE(
        write_textfile(file, picture_of_failure(std::chrono::system_clock::time_point(std::chrono::seconds(1000)))));
    const std::string text = file_content(file);
    CHECK(has_line(text, "lbconverge_lane_last_run_successful{lane=\"all\"} 0"));
    CHECK(has_line(text, "lbconverge_lane_last_run_timestamp_seconds{lane=\"all\"} 1000"));
    CHECK(has_line(text, "lbconverge_lane_failures_total{lane=\"all\"} 1"));
    CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator{}) == 1);
    CHECK_FALSE(prepare_textfile((folder / "nowhere/lb.prom").string()));
    CHECK_FALSE(prepare_textfile(folder.string()));
    fs::remove_all(folder);
}

TEST_CASE("the picture of a run says how it ended") {
    const test::World world = test::world("role = \"director\"\ninterface = \"eth0\"\n");
    const plan::Task task{.config = world.config, .election = {}};
    plan::Outcome outcome;
    outcome.settled = outcome.changed = true;
    outcome.done = 3;
    const auto picture = [&] { return picture_of(outcome, task, {}, std::chrono::milliseconds(1500)).lanes.front(); };
    CHECK(picture().changes == 3);
    CHECK(picture().in_sync);
    CHECK(picture().seconds == 1.5);
    outcome.error = Error{ErrorKind::failed, "something is blocked", {}};
    CHECK_FALSE(picture().in_sync);
    CHECK_FALSE(picture().failed);
    outcome.settled = false;
    CHECK(picture().failed);
    CHECK(picture().failures == 1);
}

}  // namespace lbconverge::cli
