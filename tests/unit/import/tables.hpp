// Imports files of ldirectord and ipvsadm from text. Only for tests.
#pragma once

#include "lbconverge/import/keepalived.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace lbconverge::importer {

struct ImportedText {
    std::string toml;
    std::string said;  ///< the remarks, a line for each

    [[nodiscard]] bool has(std::string_view text) const { return toml.find(text) != std::string::npos; }
    [[nodiscard]] bool says(std::string_view text) const { return said.find(text) != std::string::npos; }
    [[nodiscard]] std::string all() const { return "result:\n" + toml + "said:\n" + said; }
};

/// What check must accept.
inline ImportedText imported(Imported (*import)(const std::string&, const FileSystem&), std::string_view text) {
    FileSystem files;
    files.open = [&](const std::string&) { return std::string(text); };
    const Imported result = import("file", files);
    ImportedText out{result.toml, {}};
    for (const Remark& each : result.remarks) out.said += to_text(each, result.files) + "\n";
    CHECK_MESSAGE(result.accepted, result.objections << out.all());
    return out;
}

inline ImportedText from_ldirectord(std::string_view text) { return imported(import_ldirectord, text); }
inline ImportedText from_ipvsadm(std::string_view text) { return imported(import_ipvsadm, text); }

#define CHECK_HAS(imported_text, text) CHECK_MESSAGE((imported_text).has(text), (text), (imported_text).all())
#define CHECK_LACKS(imported_text, text) CHECK_MESSAGE(!(imported_text).has(text), (text), (imported_text).all())
#define CHECK_REMARK(imported_text, text) CHECK_MESSAGE((imported_text).says(text), (text), (imported_text).all())
#define CHECK_NO_REMARK(imported_text, text) CHECK_MESSAGE(!(imported_text).says(text), (text), (imported_text).all())

}  // namespace lbconverge::importer
