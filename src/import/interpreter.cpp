#include "interpreter.hpp"

#include "lbconverge/config/suggestion.hpp"
#include "lbconverge/model/name.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

namespace lbconverge::importer {

std::string quoted(std::string_view word) { return config::in_quotes(word); }

void Interpreter::body(const std::vector<Statement>& statements) {
    for (const Statement& each : statements) {
        if (each.keyword == nullptr) continue;
        if (each.keyword->fate == Destiny::lost) {
            lost(each, std::string(each.keyword->here), std::string(each.keyword->remedy));
        } else if (each.keyword->take != nullptr) {
            each.keyword->take(*this, each);
        }
    }
}

void Interpreter::broken(const Statement& at, std::string what, std::string remedy) {
    remarks.broken(at.place, std::string(at.word(0)), std::move(what), std::move(remedy));
}

void Interpreter::lost(const Statement& at, std::string what, std::string remedy) {
    remarks.lost(at.place, std::string(at.word(0)), std::move(what), std::move(remedy));
}

void Interpreter::changed(const Statement& at, std::string what, std::string remedy) {
    remarks.changed(at.place, std::string(at.word(0)), std::move(what), std::move(remedy));
}

std::optional<std::string> Interpreter::text(const Statement& at, std::size_t index) {
    if (!at.word(index).empty()) return std::string(at.word(index));
    broken(at, "has no value, and keepalived does not start with it", "write the value, or remove the line");
    return std::nullopt;
}

namespace {

/// A number as strtoul and strtol read it, and how much of the word it is.
template <class T>
struct Leading {
    T value{};
    bool whole = false;
    bool fits = false;  ///< in T
};

template <class T>
Leading<T> leading(std::string_view word) {
    Leading<T> result;
    if (word.starts_with('+')) word.remove_prefix(1);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), result.value);
    result.whole = error == std::errc{} && end == word.data() + word.size();
    result.fits = error != std::errc::result_out_of_range && (std::is_signed_v<T> || !word.starts_with('-'));
    return result;
}

template <class T>
std::optional<T> number_of(Interpreter& into, const Statement& at, std::size_t index, T least, T most, Tail tail) {
    const auto word = into.text(at, index);
    if (!word) return std::nullopt;
    const Leading<T> found = leading<T>(*word);
    const bool in_range = found.fits && found.value >= least && found.value <= most;
    if (in_range && found.whole) return found.value;
    if (in_range && tail == Tail::dropped) {
        into.broken(at, quoted(*word) + " is no number: keepalived takes " + std::to_string(found.value) +
                            ", and so does the result");
        return found.value;
    }
    into.broken(at, quoted(*word) + " is no number from " + std::to_string(least) + " to " + std::to_string(most) +
                        ": keepalived ignores the line");
    return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> Interpreter::number(const Statement& at, std::size_t index, std::uint32_t least,
                                                 std::uint32_t most, Tail tail) {
    return number_of(*this, at, index, least, most, tail);
}

std::optional<std::int32_t> Interpreter::signed_number(const Statement& at, std::size_t index, std::int32_t least,
                                                       std::int32_t most) {
    return number_of(*this, at, index, least, most, Tail::dropped);
}

std::optional<Micros> Interpreter::duration(const Statement& at, std::size_t index, double least, double most) {
    const auto word = text(at, index);
    if (!word) return std::nullopt;
    double value = 0;
    const auto [end, error] =
        std::from_chars(word->data(), word->data() + word->size(), value, std::chars_format::fixed);
    if (error == std::errc{} && end == word->data() + word->size() && value >= least && value <= most) {
        return static_cast<Micros>(std::llround(value * static_cast<double>(second)));
    }
    broken(at, quoted(*word) + " is no time that keepalived takes: it ignores the line");
    return std::nullopt;
}

std::optional<bool> Interpreter::flag(const Statement& at) {
    const std::string_view word = at.word(1);
    if (word.empty() || word == "on" || word == "true" || word == "yes") return true;
    if (word == "off" || word == "false" || word == "no") return false;
    broken(at, quoted(word) + " is neither on nor off: keepalived ignores the line");
    return std::nullopt;
}

std::optional<IpAddress> Interpreter::address(const Statement& at, std::size_t index) {
    const auto word = text(at, index);
    if (!word) return std::nullopt;
    const std::size_t end = std::min(word->find_first_of("-/"), word->size());
    const auto parsed = IpAddress::parse(std::string_view(*word).substr(0, end));
    if (!parsed) {
        broken(at, quoted(*word) + " is no IP address: keepalived ignores the line");
    } else if (end != word->size()) {
        broken(at, quoted(*word) + " is no single address: keepalived takes " + to_text(*parsed) +
                       ", and so does the result");
    }
    return parsed;
}

std::optional<std::string> Interpreter::interface(const Statement& at, std::size_t index) {
    auto word = text(at, index);
    if (!word) return std::nullopt;
    if (InterfaceName::is_valid(*word) && !IpAddress::parse(*word)) return word;
    broken(at, quoted(*word) + " is no name of an interface", "an alias such as eth0:1 is no interface: write eth0");
    return std::nullopt;
}

CheckTimes& Interpreter::times() const {
    if (checker != nullptr) return checker->times;
    return server != nullptr ? server->times : service->times;
}

NodeModel model_of(const std::vector<Statement>& statements, std::string name, Remarks& remarks) {
    NodeModel node;
    node.name = std::move(name);
    Interpreter(node, remarks).body(statements);
    return node;
}

}  // namespace lbconverge::importer
