// Imports files of ldirectord and ipvsadm from text. Only for tests.
#pragma once

#include "importing.hpp"

namespace lbconverge::importer {

using Import = Imported (*)(const std::string&, const FileSystem&);

inline Outcome outcome_from(Import import, std::string_view text) {
    FileSystem files;
    files.open = [&](const std::string&) { return std::string(text); };
    return {import("file", files)};
}

/// What check must accept, unless the file leaves nothing.
inline Outcome accepted_from(Import import, std::string_view text) {
    Outcome out = outcome_from(import, text);
    if (out.imported.readable) CHECK_ACCEPTED(out);
    return out;
}

inline Outcome from_ldirectord(std::string_view text) { return accepted_from(import_ldirectord, text); }
inline Outcome from_ipvsadm(std::string_view text) { return accepted_from(import_ipvsadm, text); }

}  // namespace lbconverge::importer
