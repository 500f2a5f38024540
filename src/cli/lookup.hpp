// Which real server a client gets, and why. Private to src/cli.
#pragma once

#include "lbconverge/kinds/choice.hpp"
#include "lbconverge/model/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::cli {

/// The question: a service of the kernel, and a client.
struct LookupQuestion {
    kinds::Service::Key service;
    kinds::ClientPacket client;
    bool port_given = false;
};

/// What is known of the answer.
struct LookupAnswer {
    kinds::Service::Key service;
    ShortName scheduler;
    std::string client;
    std::string unknown;                    ///< why nobody can know it; empty: it is known
    std::optional<kinds::SlotTable> table;  ///< if it is known, and so
    kinds::Choice choice;
    /// Of a director that has just loaded the file: with its weights, and its order. Empty: the file has no such
    /// service, or it is not known. "none": the packet is refused.
    std::string by_the_file;
    std::vector<std::string> notes;  ///< what must be true as well
};

/// SERVICE as on the command line: the id of a row ("tcp 192.0.2.20:80", "fwmark 7 ipv4"), or the part of it that no
/// other row of the kernel has ("192.0.2.20:80", "fwmark 7"). CLIENT: an address, with or without a port.
Result<LookupQuestion> question_of(std::string_view service, std::string_view client, const kinds::Observed& observed);

/// `config` may be null: then nothing is known of the file.
Result<LookupAnswer> answer_to(const LookupQuestion& question, const kinds::Observed& observed,
                               const config::Config* config);

/// For people.
std::string answer_text(const LookupAnswer& answer);
/// JSON of format_version 1.
std::string answer_json(const LookupAnswer& answer);

}  // namespace lbconverge::cli
