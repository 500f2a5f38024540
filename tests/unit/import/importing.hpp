// One call from the text of keepalived.conf to the result. Only for tests.
#pragma once

#include "../../support/text.hpp"
#include "lbconverge/import/keepalived.hpp"

#include <doctest/doctest.h>

#include <map>

namespace lbconverge::importer {

using Files = std::map<std::string, std::string>;

struct Outcome {
    Imported imported;

    [[nodiscard]] std::string said() const {
        std::string text;
        for (const Remark& each : imported.remarks) text += to_text(each, imported.files) + "\n";
        return text;
    }
    [[nodiscard]] bool has(std::string_view part) const { return imported.toml.find(part) != std::string::npos; }
    [[nodiscard]] bool says(std::string_view part) const { return said().find(part) != std::string::npos; }
};

inline Outcome outcome_of(const std::vector<NodeFile>& nodes, const Files& files) {
    const FileSystem system{[&](const std::string& path) -> std::optional<std::string> {
                                const auto at = files.find(path);
                                return at == files.end() ? std::nullopt : std::optional(at->second);
                            },
                            [&](const std::string& pattern) {
                                std::vector<std::string> paths;
                                const std::string start = pattern.substr(0, pattern.find('*'));
                                for (const auto& [path, text] : files) {
                                    const bool found = start == pattern ? path == pattern : path.starts_with(start);
                                    if (found) paths.push_back(path);
                                }
                                return paths;
                            }};
    return {import_keepalived(nodes, system, "host")};
}

/// Of one file without a name for its node.
inline Outcome outcome_of(const std::string& text, Files files = {}) {
    files["k.conf"] = text;
    return outcome_of({{"", "k.conf"}}, files);
}

/// An instance with these lines, which is good without them.
inline Outcome instance_with(const std::string& lines) {
    return outcome_of("vrrp_instance V {\n interface eth0\n virtual_router_id 5\n" + lines + "\n}\n");
}

/// A service with these lines.
inline Outcome service_with(const std::string& lines) {
    return outcome_of("virtual_server 10.0.0.1 80 {\n protocol TCP\n" + lines + "\n}\n");
}

}  // namespace lbconverge::importer

// The outcome is made once, and before the check: a check within the message of another one waits for ever.
#define CHECK_OUTCOME(outcome, good, shown)                    \
    do {                                                       \
        const ::lbconverge::importer::Outcome& made = outcome; \
        CHECK_MESSAGE(good, shown);                            \
    } while (false)
#define CHECK_HAS(outcome, part) CHECK_OUTCOME(outcome, made.has(part), made.imported.toml)
#define CHECK_LACKS(outcome, part) CHECK_OUTCOME(outcome, !made.has(part), made.imported.toml)
#define CHECK_SAID(outcome, part) CHECK_OUTCOME(outcome, made.says(part), made.said())
#define CHECK_UNSAID(outcome, part) CHECK_OUTCOME(outcome, !made.says(part), made.said())
#define CHECK_SILENT(outcome) CHECK_OUTCOME(outcome, made.said().empty(), made.said())
#define CHECK_ACCEPTED(outcome) CHECK_OUTCOME(outcome, made.imported.accepted, made.imported.objections)
