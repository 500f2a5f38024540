// Reads a file for all of its nodes and lints them together, as `check` does. Only for tests.
#pragma once

#include "lbconverge/config/lint.hpp"
#include "reading.hpp"

#include <algorithm>

namespace lbconverge::config {

inline Reading lint_file(const std::string& text) {
    Diagnostics problems;
    const Document document = Document::parse({{"lb.toml", text}}, problems);
    std::vector<std::string> names = document.nodes();
    if (names.empty()) names.emplace_back();
    std::vector<Config> configs;
    for (const std::string& name : names) {
        if (auto config = document.config_for(name, problems)) configs.push_back(std::move(*config));
    }
    lint(configs, problems);
    problems.finish();
    Reading result;
    for (const Diagnostic& each : problems.all()) result.lines.push_back(to_text(each, document.files()));
    return result;
}

/// There is something to say, and each line begins with `place: severity` and has the code.
inline bool only_about(const Reading& reading, const std::string& begin, const std::string& code) {
    return !reading.lines.empty() &&
           std::all_of(reading.lines.begin(), reading.lines.end(), [&](const std::string& line) {
               return line.find("lb.toml:" + begin) == 0 && line.find(" [" + code + "]; hint: ") != std::string::npos;
           });
}

}  // namespace lbconverge::config

/// The file has this mistake, at "LINE:COLUMN: severity", and no other.
#define CHECK_MISTAKE(text, begin, code)                                \
    do {                                                                \
        const auto linted_ = lint_file(text);                           \
        CHECK_MESSAGE(only_about(linted_, begin, code), linted_.all()); \
    } while (false)

#define CHECK_SILENT(text)                                 \
    do {                                                   \
        const auto quiet_ = lint_file(text);               \
        CHECK_MESSAGE(quiet_.lines.empty(), quiet_.all()); \
    } while (false)
