// Reads configurations from text, for the tests of config. Only for tests.
#pragma once

#include "lbconverge/config/document.hpp"

#include "support/text.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lbconverge::config {

struct Reading {
    std::optional<Config> config;
    std::vector<std::string> lines;  ///< the diagnostics as a person sees them

    /// Some line contains all of this text.
    [[nodiscard]] bool says(std::string_view text) const {
        for (const std::string& line : lines) {
            if (line.find(text) != std::string::npos) return true;
        }
        return false;
    }
    [[nodiscard]] std::string all() const {
        std::string text = "reported:";
        for (const std::string& line : lines) text += "\n  " + line;
        return text;
    }
    /// The configuration of a file without any problem.
    const Config& good() const {
        REQUIRE_MESSAGE(lines.empty(), all());
        REQUIRE(config.has_value());
        return *config;
    }
};

inline Reading read(const std::vector<InputFile>& files, const std::string& node = "") {
    Diagnostics problems;
    const Document document = Document::parse(files, problems);
    Reading result;
    result.config = document.config_for(node, problems);
    problems.finish();
    for (const Diagnostic& each : problems.all()) result.lines.push_back(to_text(each, document.files()));
    return result;
}

inline Reading read(const std::string& text, const std::string& node = "") {
    return read(std::vector<InputFile>{{"lb.toml", text}}, node);
}

/// With the lines that every director's file needs; what is given begins at line 3.
inline Reading read_director(const std::string& text) {
    return read(R"(
        role = "director"
        interface = "eth0"
    )"_text + text);
}

}  // namespace lbconverge::config

/// The file is refused (or warned about) with this text.
#define CHECK_SAYS(reading, text)                     \
    do {                                              \
        const auto& said_ = (reading);                \
        CHECK_MESSAGE(said_.says(text), said_.all()); \
    } while (false)

/// And this is all that is said.
#define CHECK_SAYS_ONLY(reading, text)                       \
    do {                                                     \
        const auto& only_ = (reading);                       \
        CHECK_MESSAGE(only_.lines.size() == 1, only_.all()); \
        CHECK_MESSAGE(only_.says(text), only_.all());        \
    } while (false)
