#include "lbconverge/config/auth_keys.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace lbconverge::config {

namespace {

constexpr std::string_view hex_prefix = "hex:";
constexpr std::string_view blanks = " \t\r";
constexpr const char* key_hint = "a line is an id and a key: 1 hex:…, with what \"openssl rand -hex 32\" prints";

std::string_view trimmed(std::string_view line) {
    const auto first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

std::optional<std::vector<std::uint8_t>> octets_of_hex(std::string_view digits) {
    if (digits.size() % 2 != 0) return std::nullopt;
    std::vector<std::uint8_t> octets;
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        std::uint8_t octet = 0;
        const auto [end, error] = std::from_chars(digits.data() + at, digits.data() + at + 2, octet, 16);
        if (error != std::errc{} || end != digits.data() + at + 2) return std::nullopt;
        octets.push_back(octet);
    }
    return octets;
}

/// Of a line that is not empty. An error says what is wrong, and nothing else.
tl::expected<SigningKey, std::string> parse_key(std::string_view line) {
    const auto space = std::min(line.find_first_of(blanks), line.size());
    unsigned id = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + space, id);
    const bool numbered = error == std::errc{} && end == line.data() + space;
    if (!numbered || id < 1 || id > 255)
        return tl::unexpected(std::string("it does not begin with an id from 1 to 255"));
    const std::string_view value = trimmed(line.substr(space));
    SigningKey key{.id = static_cast<std::uint8_t>(id), .secret = {value.begin(), value.end()}};
    if (value.starts_with(hex_prefix)) {
        auto octets = octets_of_hex(value.substr(hex_prefix.size()));
        if (!octets) return tl::unexpected(std::string("\"hex:\" is not followed by pairs of hexadecimal digits"));
        key.secret = std::move(*octets);
    }
    if (key.secret.size() >= shortest_secret && key.secret.size() <= longest_secret) return key;
    return tl::unexpected("a key has " + std::to_string(shortest_secret) + " to " + std::to_string(longest_secret) +
                          " octets");
}

const SigningKey* find_key(const std::vector<SigningKey>& keys, std::uint8_t id) {
    const auto at = std::find_if(keys.begin(), keys.end(), [&](const SigningKey& each) { return each.id == id; });
    return at == keys.end() ? nullptr : &*at;
}

Result<void> choose_active_key(Vrrp& vrrp) {
    if (vrrp.auth_active_key == 0 && vrrp.auth_keys.size() == 1) vrrp.auth_active_key = vrrp.auth_keys.front().id;
    if (vrrp.auth_active_key == 0) {
        return fail(ErrorKind::invalid_input,
                    vrrp.auth_key_file + ": there are several keys, and none is named to sign",
                    "auth_active_key = the id of one that all nodes have");
    }
    if (find_key(vrrp.auth_keys, vrrp.auth_active_key) != nullptr) return {};
    return fail(ErrorKind::invalid_input,
                vrrp.auth_key_file + ": there is no key " + std::to_string(vrrp.auth_active_key) + " to sign with",
                "auth_active_key is the id of a key of the file");
}

}  // namespace

Result<void> take_auth_keys(std::string_view text, Vrrp& vrrp) {
    vrrp.auth_keys.clear();
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') continue;
        const std::string place = vrrp.auth_key_file + ":" + std::to_string(number) + ": ";
        auto key = parse_key(line);
        if (!key) return fail(ErrorKind::invalid_input, place + key.error(), key_hint);
        if (find_key(vrrp.auth_keys, key->id) != nullptr) {
            return fail(ErrorKind::invalid_input, place + "a second key " + std::to_string(key->id),
                        "each key has an id of its own, the same on every node");
        }
        vrrp.auth_keys.push_back(std::move(*key));
    }
    if (vrrp.auth_keys.empty())
        return fail(ErrorKind::invalid_input, vrrp.auth_key_file + ": there is no key", key_hint);
    return choose_active_key(vrrp);
}

}  // namespace lbconverge::config
