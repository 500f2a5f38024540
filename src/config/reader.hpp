// Strict, typed access to one TOML table. A key is known if the program asks for it; finish() reports all other keys.
// Each reading function returns whether the key was there and right, and reports what was wrong. Private to config.
// Values never appear in a report unless they are words of the grammar or addresses, so that a secret cannot leak into
// a log.
#pragma once

#include "duration.hpp"
#include "lbconverge/config/diagnostic.hpp"
#include "lbconverge/config/suggestion.hpp"
#include "lbconverge/model/address.hpp"
#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/name.hpp"
#include "lbconverge/model/source.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::config {

using std::chrono::milliseconds;

/// Where a node or key was written. The region's path is the file's number (document.cpp), none for the first file.
Source place(const toml::source_region& region);
inline Source place(const toml::node& node) { return place(node.source()); }

/// "a string", "a number", …
std::string_view kind_of(const toml::node& node);

/// A table, and optionally another one of a node laid over it: a key that is in both counts as the node says.
struct Layers {
    const toml::table* base = nullptr;
    const toml::table* over = nullptr;

    [[nodiscard]] const toml::node* find(std::string_view key) const;
    /// The place of the table itself.
    [[nodiscard]] Source place() const;
};

struct DurationRange {
    milliseconds min{0};
    milliseconds max{std::chrono::hours(24 * 365)};
};

class Reader {
public:
    /// `what` names the table in reports: "[arp]", "a service".
    Reader(Layers layers, std::string_view what, Diagnostics& problems)
        : layers_(layers), what_(what), problems_(problems) {}

    [[nodiscard]] Diagnostics& problems() const { return problems_; }
    [[nodiscard]] const Layers& layers() const { return layers_; }
    [[nodiscard]] Source place() const { return layers_.place(); }

    /// Marks the key as known and returns its node, nullptr when it is not there.
    const toml::node* take(std::string_view key);
    /// Marks the key as known; true when it is there.
    bool has(std::string_view key) { return take(key) != nullptr; }
    /// Place of a key's value; of the table when the key is not there.
    [[nodiscard]] Source place(std::string_view key) const;

    bool boolean(std::string_view key, bool& out);
    /// Not empty.
    bool text(std::string_view key, std::string& out);
    bool interface(std::string_view key, InterfaceName& out);
    bool address(std::string_view key, std::optional<IpAddress>& out);
    bool duration(std::string_view key, milliseconds& out, DurationRange range = {});
    bool seconds(std::string_view key, std::uint32_t& out, DurationRange range);
    /// "50%": whole per cent, 0 to 100.
    bool share(std::string_view key, std::uint8_t& out);
    /// A list of strings, none of them empty.
    bool texts(std::string_view key, std::vector<std::string>& out);
    /// A program and its arguments: as texts(), and not empty.
    bool command(std::string_view key, std::vector<std::string>& out);

    template <class T>
    bool number(std::string_view key, T& out, std::int64_t min = std::numeric_limits<T>::min(),
                std::int64_t max = std::numeric_limits<T>::max()) {
        std::int64_t value = 0;
        if (!integer(key, value, min, max)) return false;
        out = static_cast<T>(value);
        return true;
    }

    /// One of the names of an enumeration; of those in `allowed`, where it names some.
    template <NamedEnum E>
    bool choice(std::string_view key, E& out, std::initializer_list<E> allowed = {}) {
        std::vector<std::string_view> words;
        for (const EnumName<E>& each : names_of(E{})) {
            const bool can_be =
                allowed.size() == 0 || std::find(allowed.begin(), allowed.end(), each.value) != allowed.end();
            if (can_be) words.push_back(each.name);
        }
        std::size_t index = 0;
        return word(key, words, index) && from_text(words[index], out);
    }

    /// A table below this one; with both layers, if both have it. nullopt: not there, or no table (reported).
    std::optional<Reader> table(std::string_view key, std::string_view what);

    /// Calls f(table) for each element of an array of tables. A node's array replaces the top level's.
    template <class F>
    void tables(std::string_view key, F&& f) {
        const toml::array* array = tables_of(key);
        if (array == nullptr) return;
        for (const toml::node& element : *array) {
            if (const toml::table* table = element.as_table()) {
                f(*table);
            } else {
                wrong_type(element, key, "a list of tables");
            }
        }
    }

    /// Reports the unknown keys of both layers.
    void finish();
    /// Reports `node` as not being what it should be: "\"key\" must be a list of strings, not a number".
    void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted, std::string hint = {});

private:
    bool integer(std::string_view key, std::int64_t& out, std::int64_t min, std::int64_t max);
    bool word(std::string_view key, std::span<const std::string_view> words, std::size_t& index);
    const toml::array* tables_of(std::string_view key);
    void report_unknown(const toml::table* table);

    // Enough for the largest table of the grammar; take() checks it.
    static constexpr std::size_t most_keys = 32;
    Layers layers_;
    std::string_view what_;
    Diagnostics& problems_;
    std::array<std::string_view, most_keys> known_;
    std::size_t known_count_ = 0;
};

}  // namespace lbconverge::config
