// What is wrong with an input file, and where. Problems are collected and not thrown, so that a person sees all of them
// at once.
#pragma once

#include "lbconverge/model/source.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::config {

enum class Severity : unsigned char { error, warning };

struct Diagnostic {
    Severity severity = Severity::error;
    Source source;
    std::string what;
    std::string hint;
    std::string code;  ///< of the catalogue (mistakes.hpp), else empty
    Source other{};    ///< the first place, when something was said twice

    bool operator==(const Diagnostic&) const = default;
};

class Diagnostics {
public:
    Diagnostic& error(Source source, std::string what, std::string hint = {}, std::string_view code = {});
    Diagnostic& warning(Source source, std::string what, std::string hint = {}, std::string_view code = {});
    [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
    [[nodiscard]] bool has_errors() const;
    void append(const Diagnostics& others);
    /// Sorts by place and drops repetitions (the same file read for several nodes says the same several times).
    void finish();

private:
    std::vector<Diagnostic> all_;
};

/// "lb.toml:14:9"; "" when the source is unknown. `files` are the paths as the user named them.
std::string place_text(Source source, const std::vector<std::string>& files);

/// "lb.toml:14:9: error: what (first at lb.toml:3:1) [LVS11]; hint: …".
std::string to_text(const Diagnostic& diagnostic, const std::vector<std::string>& files);

}  // namespace lbconverge::config
