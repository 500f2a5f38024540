// Imports files of ldirectord and ipvsadm from text. Only for tests.
#pragma once

#include "importing.hpp"

namespace lbconverge::importer {

/// What check must accept.
inline Outcome accepted_from(Imported (*import)(const std::string&, const FileSystem&), std::string_view text) {
    FileSystem files;
    files.open = [&](const std::string&) { return std::string(text); };
    Outcome out{import("file", files)};
    CHECK_ACCEPTED(out);
    return out;
}

inline Outcome from_ldirectord(std::string_view text) { return accepted_from(import_ldirectord, text); }
inline Outcome from_ipvsadm(std::string_view text) { return accepted_from(import_ipvsadm, text); }

}  // namespace lbconverge::importer

#define CHECK_UNSAID(outcome, part) CHECK_MESSAGE(!(outcome).says(part), (outcome).said())
