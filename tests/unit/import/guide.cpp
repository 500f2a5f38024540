// The table of keywords, and that the guide has it. LBCONVERGE_WRITE_GUIDE=1 writes it there anew.
#include "importing.hpp"

#include "keywords.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace lbconverge::importer {

namespace {

const std::filesystem::path guide = std::filesystem::path(LBCONVERGE_SOURCE_DIR) / "packaging/manual/keepalived.md";

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a keyword stands once in each block, and says what becomes of it") {
    std::set<std::pair<std::uint32_t, std::string_view>> seen;
    for (const Keyword& each : keywords()) {
        CAPTURE(each.word);
        CHECK_FALSE(each.here.empty());
        CHECK((each.fate == Destiny::lost) == !each.remedy.empty());
        CHECK((each.fate == Destiny::carried) == (each.take != nullptr));
        for (std::uint32_t bit = 1; bit <= each.in && bit != 0; bit <<= 1) {
            if ((each.in & bit) != 0) CHECK(seen.emplace(bit, each.word).second);
        }
    }
}

TEST_CASE("the guide has the table of keywords") {
    std::string text = text_of(guide);
    const std::size_t begin = text.find("| keyword | in | here |");
    REQUIRE(begin != std::string::npos);
    const std::size_t end = std::min(text.find("\n\n", begin), text.size() - 1) + 1;
    if (std::getenv("LBCONVERGE_WRITE_GUIDE") != nullptr) {
        text.replace(begin, end - begin, guide_table());
        std::ofstream(guide, std::ios::binary) << text;
    } else {
        CHECK(text.substr(begin, end - begin) == guide_table());
    }
}

TEST_CASE("check accepts what comes of every sample of keepalived") {
    const std::filesystem::path samples =
        std::filesystem::path(LBCONVERGE_SOURCE_DIR) / "tests/golden/import-keepalived/samples";
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(samples)) {
        CAPTURE(entry.path().string());
        CHECK_ACCEPTED(outcome_of(text_of(entry.path())));
        ++count;
    }
    CHECK(count == 25);
}

}  // namespace lbconverge::importer
