#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

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

Result<Json> parse_json(std::string_view text) {
    try {
        return Json::parse(text);
    } catch (const Json::exception& error) {
        return fail(ErrorKind::invalid_input, error.what());
    }
}

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lbconverge::wire
