// Any text as keepalived.conf, alone and as one of two nodes: it ends, and what comes out is TOML.
#include "lbconverge/config/document.hpp"
#include "lbconverge/import/keepalived.hpp"

#include <cstdlib>
#include <string>

using namespace lbconverge;

namespace {

/// What check may refuse is a value; the syntax is always right.
void must_parse(const std::string& toml) {
    config::Diagnostics problems;
    config::Document::parse({{"result", toml}}, problems);
    if (problems.has_errors()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const std::string half = text.substr(0, size / 2);
    const importer::FileSystem files{[&](const std::string& path) -> std::optional<std::string> {
                                         if (path == "a.conf") return text;
                                         return path == "b.conf" || path == "./b.conf" ? std::optional(half)
                                                                                       : std::nullopt;
                                     },
                                     [](const std::string& pattern) { return std::vector<std::string>{pattern}; }};
    for (const auto& nodes : {std::vector<importer::NodeFile>{{"", "a.conf"}},
                              std::vector<importer::NodeFile>{{"lb1", "a.conf"}, {"", "b.conf"}}}) {
        const importer::Imported imported = importer::import_keepalived(nodes, files, "host");
        must_parse(imported.toml);
        if (imported.readable && imported.accepted != imported.objections.empty()) std::abort();
        for (const importer::Remark& each : imported.remarks) {
            if (to_text(each, imported.files).empty()) std::abort();
        }
    }
    return 0;
}
