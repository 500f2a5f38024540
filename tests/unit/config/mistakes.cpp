// The catalogue against what is written elsewhere: the manual, README.md, and the rules in the sources.
#include "lbconverge/config/mistakes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#ifdef LBCONVERGE_SOURCE_DIR
namespace lbconverge::config {

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::ifstream file(LBCONVERGE_SOURCE_DIR / path);
    REQUIRE_MESSAGE(file, path.string());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

const std::filesystem::path manual = "packaging/manual/mistakes.md";

std::vector<std::string> lines_with(const std::filesystem::path& path, const std::string& start) {
    auto lines = lines_of(path);
    std::erase_if(lines, [&](const std::string& line) { return !line.starts_with(start); });
    return lines;
}

/// As one line: a sentence may go on in the next.
std::string text_of(const std::filesystem::path& path) {
    std::string text;
    for (const std::string& line : lines_of(path)) text += line + " ";
    return text;
}

std::string heading(const Mistake& mistake) { return std::string(mistake.code) + " " + std::string(mistake.title); }

/// The anchor that a heading gets in HTML.
std::string anchor(const std::string& text) {
    std::string result;
    for (const char each : text) {
        const bool kept = (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-' || each == '_';
        if (kept) result += each;
        if (each >= 'A' && each <= 'Z') result += static_cast<char>(each - 'A' + 'a');
        if (each == ' ') result += '-';
    }
    return result;
}

std::string index_line(const Mistake& mistake) {
    const auto cell = [&](FoundBy command) { return includes(mistake.found_by, command) ? "yes" : "–"; };
    return "| [" + std::string(mistake.code) + "](#" + anchor(heading(mistake)) + ") | " + std::string(mistake.title) +
           " | " + cell(FoundBy::check) + " | " + cell(FoundBy::doctor) + " |";
}

std::set<std::string> codes_found_by(FoundBy command) {
    std::set<std::string> codes;
    for (const Mistake& each : mistakes) {
        if (includes(each.found_by, command)) codes.emplace(each.code);
    }
    return codes;
}

/// The codes that the sources of a folder take from the catalogue.
std::set<std::string> codes_in(const std::filesystem::path& folder) {
    static const std::regex use(R"text(mistake\("(LVS[0-9]+)"\))text");
    std::set<std::string> codes;
    for (const auto& entry : std::filesystem::directory_iterator(LBCONVERGE_SOURCE_DIR / folder)) {
        const std::string text = text_of(folder / entry.path().filename());
        for (std::sregex_iterator at(text.begin(), text.end(), use), end; at != end; ++at) codes.insert((*at)[1]);
    }
    return codes;
}

/// What only one of both has, for the message of a failed test.
template <class List>
std::string difference(const List& found, const List& wanted) {
    std::string text;
    for (const std::string& each : found) {
        if (std::find(wanted.begin(), wanted.end(), each) == wanted.end()) text += "too much: " + each + "\n";
    }
    for (const std::string& each : wanted) {
        if (std::find(found.begin(), found.end(), each) == found.end()) text += "missing: " + each + "\n";
    }
    return text;
}

template <class List>
void check_same(const List& found, const List& wanted) {
    CHECK_MESSAGE(found == wanted, difference(found, wanted));
}

void check_says(const std::filesystem::path& path, const std::string& words) {
    CHECK_MESSAGE(text_of(path).find(words) != std::string::npos, path.string() << " does not say: " << words);
}

}  // namespace

TEST_CASE("codes are numbered from LVS01 without a gap") {
    int number = 0;
    for (const Mistake& each : mistakes) {
        ++number;
        CHECK(each.code == (number < 10 ? "LVS0" : "LVS") + std::to_string(number));
    }
}

TEST_CASE("each mistake has its section in the manual, with its title") {
    std::vector<std::string> sections;
    for (const Mistake& each : mistakes) sections.push_back("## " + heading(each));
    check_same(lines_with(manual, "## LVS"), sections);
}

TEST_CASE("the manual's index lists each mistake, and the commands that find it") {
    std::vector<std::string> index;
    for (const Mistake& each : mistakes) index.push_back(index_line(each));
    check_same(lines_with(manual, "| [LVS"), index);
}

TEST_CASE("the manual and README.md say how many mistakes there are") {
    const std::string all = std::to_string(std::size(mistakes));
    const std::string check = std::to_string(codes_found_by(FoundBy::check).size());
    const std::string doctor = std::to_string(codes_found_by(FoundBy::doctor).size());
    check_says(manual, "Here are " + all + " mistakes");
    check_says(manual, "- **`lbconverge check`** finds " + check + " of them");
    check_says(manual, "- **`lbconverge doctor`** finds " + doctor + " of them");
    check_says("README.md", "`check` knows " + check + " classic LVS mistakes");
    check_says("README.md", "`doctor` finds " + doctor + " on a live host");
    check_says("README.md", "the classic LVS mistakes, LVS01 to " + std::string(std::rbegin(mistakes)->code));
}

TEST_CASE("each command has a rule for each mistake that it finds, and for no other") {
    check_same(codes_in("src/config"), codes_found_by(FoundBy::check));
    check_same(codes_in("src/doctor"), codes_found_by(FoundBy::doctor));
}

}  // namespace lbconverge::config
#endif
