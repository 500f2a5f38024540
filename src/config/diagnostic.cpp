#include "lbconverge/config/diagnostic.hpp"

#include <algorithm>
#include <tuple>

namespace lbconverge::config {

Diagnostic& Diagnostics::error(Source source, std::string what, std::string hint, std::string_view code) {
    return all_.emplace_back(
        Diagnostic{Severity::error, source, std::move(what), std::move(hint), std::string(code), {}});
}

Diagnostic& Diagnostics::warning(Source source, std::string what, std::string hint, std::string_view code) {
    return all_.emplace_back(
        Diagnostic{Severity::warning, source, std::move(what), std::move(hint), std::string(code), {}});
}

void Diagnostics::append(const Diagnostics& others) { all_.insert(all_.end(), others.all_.begin(), others.all_.end()); }

bool Diagnostics::has_errors() const {
    return std::any_of(all_.begin(), all_.end(),
                       [](const Diagnostic& each) { return each.severity == Severity::error; });
}

void Diagnostics::finish() {
    // All fields are compared, so that equal diagnostics stand side by side and one of them can be dropped.
    const auto key = [](const Diagnostic& d) {
        return std::tie(d.source.file, d.source.line, d.source.column, d.severity, d.code, d.what, d.hint, d.other);
    };
    std::sort(all_.begin(), all_.end(), [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
    all_.erase(std::unique(all_.begin(), all_.end()), all_.end());
}

std::string place_text(Source source, const std::vector<std::string>& files) {
    if (!source.known() || source.file >= files.size()) return {};
    return files[source.file] + ":" + std::to_string(source.line) + ":" + std::to_string(source.column);
}

std::string to_text(const Diagnostic& diagnostic, const std::vector<std::string>& files) {
    std::string text = place_text(diagnostic.source, files);
    if (text.empty()) text = "configuration";
    text += diagnostic.severity == Severity::error ? ": error: " : ": warning: ";
    text += diagnostic.what;
    if (diagnostic.other.known()) text += " (first at " + place_text(diagnostic.other, files) + ")";
    if (!diagnostic.code.empty()) text += " [" + diagnostic.code + "]";
    if (!diagnostic.hint.empty()) text += "; hint: " + diagnostic.hint;
    return text;
}

}  // namespace lbconverge::config
