#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace lbconverge::wire {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// The octets of the character at the beginning; 0: there is none. RFC 3629 §4: neither longer than needed, nor half of
/// a pair of UTF-16, nor above U+10FFFF.
std::size_t character_at(std::string_view text) {
    const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = octet(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xc2 && first <= 0xdf   ? 2
                             : (first & 0xf0) == 0xe0         ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
    if (size == 0 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((octet(i) & 0xc0) != 0x80) return 0;
    }
    const bool sound = (first != 0xe0 || octet(1) >= 0xa0) && (first != 0xed || octet(1) < 0xa0) &&
                       (first != 0xf0 || octet(1) >= 0x90) && (first != 0xf4 || octet(1) < 0x90);
    return sound ? size : 0;
}

/// Brackets that are open at once, at the most; those of texts do not count.
std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0, deepest = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') in_text = !in_text;
        if (in_text) {
            if (c == '\\') ++i;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

/// The place of that octet; the first is 1.
JsonPlace place_at(std::string_view text, std::size_t octet) {
    const std::string_view before = text.substr(0, std::min(std::max<std::size_t>(octet, 1) - 1, text.size()));
    const std::size_t line = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto lines = std::count(before.begin(), before.end(), '\n');
    return {static_cast<std::size_t>(lines) + 1, before.size() - line + 1};
}

/// What the parser calls for each piece. It ends at the first false.
class FlatReader final : public nlohmann::json_sax<Json> {
public:
    explicit FlatReader(std::size_t most) : most_(most) {}
    [[nodiscard]] const std::string& problem() const { return problem_; }
    std::vector<JsonMember> take() { return std::move(members_); }

    bool null() override { return no("null"); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t) override { return no("a number"); }
    bool number_unsigned(number_unsigned_t) override { return no("a number"); }
    bool number_float(number_float_t, const string_t&) override { return no("a number"); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return no("binary data"); }
    bool start_array(std::size_t) override { return no("a list"); }
    bool end_array() override { return true; }
    bool start_object(std::size_t) override {
        return std::exchange(inside_, true) ? no("an object in an object") : true;
    }
    bool end_object() override { return true; }
    bool key(string_t& name) override {
        const auto same = [&](const JsonMember& each) { return each.name == name; };
        if (members_.size() == most_) return no("too many members");
        if (std::any_of(members_.begin(), members_.end(), same)) return no("a member twice");
        members_.push_back({std::move(name), false});
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
        return no(json_problem(error));
    }

private:
    bool no(std::string what) {
        problem_ = std::move(what);
        return false;
    }
    template <class T>
    bool add(T value) {
        if (!inside_) return no("no object");
        members_.back().value = std::move(value);
        return true;
    }

    std::size_t most_;
    bool inside_ = false;
    std::vector<JsonMember> members_;
    std::string problem_;
};

}  // namespace

std::string valid_utf8(std::string_view text) {
    if (std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; })) return std::string(text);
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = character_at(text);
        result += size == 0 ? replacement : text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return result;
}

std::string json_problem(const std::exception& thrown) {
    const std::string text = thrown.what();  // "[json.exception.type_error.302] type must be …"
    const std::size_t id = text.find("] ");
    return text.starts_with("[json.exception.") && id != std::string::npos ? text.substr(id + 2) : text;
}

Result<Json> parse_json(std::string_view text) {
    JsonPlace nowhere;
    return parse_json(text, nowhere);
}

Result<Json> parse_json(std::string_view text, JsonPlace& place) {
    constexpr std::size_t deepest = 256;
    if (depth_of(text) > deepest) return fail(ErrorKind::invalid_input, "it is nested too deeply");
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        place = place_at(text, error.byte);
        const std::string problem = json_problem(error);  // "parse error at line 1, column 1: syntax error …"
        const std::size_t where = problem.find(": ");
        return fail(ErrorKind::invalid_input, where == std::string::npos ? problem : problem.substr(where + 2));
    } catch (const Json::exception& error) {
        return fail(ErrorKind::invalid_input, json_problem(error));
    }
}

Result<std::vector<JsonMember>> parse_flat_json(std::string_view text, std::size_t most_members) {
    FlatReader reader(most_members);
    if (!Json::sax_parse(text.begin(), text.end(), &reader)) return fail(ErrorKind::invalid_input, reader.problem());
    return reader.take();
}

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lbconverge::wire
