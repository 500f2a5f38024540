// What the functions of the table of keywords work on: the model, and the blocks that are open. Private to import.
#pragma once

#include "keywords.hpp"
#include "model.hpp"

namespace lbconverge::importer {

/// What becomes of a number that other characters follow, as in "3;". Without digits it is 0.
enum class Tail : std::uint8_t {
    refused,  ///< keepalived ignores the line
    dropped,  ///< keepalived takes the number
};

class Interpreter {
public:
    Interpreter(NodeModel& model, Remarks& said) : node(model), remarks(said) {}

    /// Interprets the statements of a block.
    void body(const std::vector<Statement>& statements);

    /// The number in that word; nullopt: there is none in the range, which is said. keepalived ignores such a line.
    std::optional<std::uint32_t> number(const Statement& at, std::size_t index, std::uint32_t least, std::uint32_t most,
                                        Tail tail = Tail::refused);
    std::optional<std::int32_t> signed_number(const Statement& at, std::size_t index, std::int32_t least,
                                              std::int32_t most);
    /// Seconds, with a fraction.
    std::optional<Micros> duration(const Statement& at, std::size_t index, double least, double most);
    /// No word, on, true and yes: true; nullopt: another word, which is said. keepalived ignores such a line.
    std::optional<bool> flag(const Statement& at);
    /// One address, without what follows a - or /.
    std::optional<IpAddress> address(const Statement& at, std::size_t index);
    std::optional<std::string> interface(const Statement& at, std::size_t index);
    /// The word; nullopt: it is missing, which is said.
    std::optional<std::string> text(const Statement& at, std::size_t index);

    void broken(const Statement& at, std::string what, std::string remedy = {});
    void lost(const Statement& at, std::string what, std::string remedy = {});
    void changed(const Statement& at, std::string what, std::string remedy = {});

    /// Those of the innermost block that is open.
    [[nodiscard]] CheckTimes& times() const;

    NodeModel& node;
    Remarks& remarks;
    // The blocks that are open; null: none of that kind.
    InstanceBlock* instance = nullptr;
    GroupBlock* group = nullptr;
    TrackEntry* track = nullptr;
    ServiceBlock* service = nullptr;
    ServerBlock* server = nullptr;
    CheckerBlock* checker = nullptr;
};

/// A word of a file that may hold anything, in quotes.
std::string quoted(std::string_view word);

}  // namespace lbconverge::importer
