#include "ipvsadm_options.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lbconverge::importer::ipvsadm {

namespace {

struct OptionName {
    char letter;  ///< '\0': none
    std::string_view word;
    Option option;
    bool takes_value = false;
};

constexpr OptionName options[] = {
    {'A', "add-service", Option::add_service},
    {'E', "edit-service", Option::edit_service},
    {'D', "delete-service", Option::delete_service},
    {'a', "add-server", Option::add_server},
    {'e', "edit-server", Option::edit_server},
    {'d', "delete-server", Option::delete_server},
    {'C', "clear", Option::clear},
    {'R', "restore", Option::restore},
    {'Z', "zero", Option::zero},
    {'L', "list", Option::list},
    {'l', "list", Option::list},
    {'S', "save", Option::list},
    {'n', "numeric", Option::numeric},
    {'c', "connection", Option::numeric},
    {'\0', "exact", Option::numeric},
    {'\0', "timeout", Option::numeric},
    {'\0', "daemon", Option::numeric},
    {'\0', "stats", Option::numeric},
    {'\0', "rate", Option::numeric},
    {'\0', "thresholds", Option::numeric},
    {'\0', "persistent-conn", Option::numeric},
    {'\0', "sort", Option::numeric},
    {'\0', "nosort", Option::numeric},
    {'\0', "set", Option::set},
    {'\0', "start-daemon", Option::start_daemon, true},
    {'\0', "stop-daemon", Option::stop_daemon, true},
    {'t', "tcp-service", Option::tcp, true},
    {'u', "udp-service", Option::udp, true},
    {'\0', "sctp-service", Option::sctp, true},
    {'f', "fwmark-service", Option::fwmark, true},
    {'6', "ipv6", Option::ipv6},
    {'s', "scheduler", Option::scheduler, true},
    {'p', "persistent", Option::persistent},
    {'M', "netmask", Option::netmask, true},
    {'\0', "pe", Option::engine, true},
    {'b', "sched-flags", Option::flags, true},
    {'o', "ops", Option::one_packet},
    {'O', "ops", Option::one_packet},
    {'r', "real-server", Option::server, true},
    {'g', "gatewaying", Option::direct},
    {'i', "ipip", Option::tunnel},
    {'m', "masquerading", Option::masquerade},
    {'\0', "tun-type", Option::tunnel_type, true},
    {'\0', "tun-port", Option::tunnel_port, true},
    {'\0', "tun-nocsum", Option::no_checksum},
    {'\0', "tun-csum", Option::checksum},
    {'\0', "tun-remcsum", Option::remote_checksum},
    {'w', "weight", Option::weight, true},
    {'x', "u-threshold", Option::upper, true},
    {'y', "l-threshold", Option::lower, true},
    {'\0', "mcast-interface", Option::interface, true},
    {'\0', "syncid", Option::sync_id, true},
    {'\0', "sync-maxlen", Option::sync_length, true},
    {'\0', "mcast-group", Option::sync_group, true},
    {'\0', "mcast-port", Option::sync_port, true},
    {'\0', "mcast-ttl", Option::sync_ttl, true},
};

const OptionName* find_letter(char letter) {
    const auto* at = std::ranges::find(options, letter, &OptionName::letter);
    return letter == '\0' || at == std::end(options) ? nullptr : at;
}

const OptionName* find_word(std::string_view word) {
    const auto* at = std::ranges::find(options, word, &OptionName::word);
    return at == std::end(options) ? nullptr : at;
}

class OptionReader {
public:
    OptionReader(const std::vector<std::string>& words, Place at, Remarks& remarks)
        : words_(words), at_(at), remarks_(remarks) {}

    bool read();
    std::vector<GivenOption> take() { return std::move(given_); }

private:
    bool read_letters(const std::string& word);
    bool read_word(const std::string& word);
    bool no_value(const std::string& word);
    bool unknown(const std::string& word);
    /// The next word, or nothing.
    [[nodiscard]] bool has_next() const { return next_ < words_.size(); }
    [[nodiscard]] bool number_follows() const { return has_next() && number_of(words_[next_]); }

    const std::vector<std::string>& words_;
    Place at_;
    Remarks& remarks_;
    std::vector<GivenOption> given_;
    std::size_t next_ = 0;
};

bool OptionReader::unknown(const std::string& word) {
    remarks_.broken(at_, word, "ipvsadm has no such option: the line is passed over");
    return false;
}

bool OptionReader::no_value(const std::string& word) {
    remarks_.broken(at_, word, "has no value: the line is passed over");
    return false;
}

/// Several letters may share a dash. -p may have a number, behind it or in the next word.
bool OptionReader::read_letters(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
        const OptionName* name = find_letter(word[i]);
        if (name == nullptr) return unknown(word);
        GivenOption each{name->option, "-" + std::string(1, word[i]), {}};
        const std::string rest = word.substr(i + 1);
        const bool persistent = name->option == Option::persistent;
        if (name->takes_value || (persistent && number_of(rest))) {
            if (rest.empty() && !has_next()) return no_value(each.word);
            each.value = rest.empty() ? words_[next_++] : rest;
            i = word.size();
        } else if (persistent && rest.empty() && number_follows()) {
            each.value = words_[next_++];
        }
        given_.push_back(std::move(each));
    }
    return true;
}

/// --WORD VALUE or --WORD=VALUE. The three numbers of --set become one value.
bool OptionReader::read_word(const std::string& word) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const OptionName* name = find_word(std::string_view(word).substr(2, equals - 2));
    if (name == nullptr) return unknown(word);
    GivenOption each{name->option, word.substr(0, equals), {}};
    if (equals != word.size()) {
        each.value = word.substr(equals + 1);
    } else if (name->takes_value) {
        if (!has_next()) return no_value(each.word);
        each.value = words_[next_++];
    } else if (name->option == Option::persistent && number_follows()) {
        each.value = words_[next_++];
    } else if (name->option == Option::set) {
        for (int i = 0; i < 3 && has_next(); ++i) each.value += (i == 0 ? "" : " ") + words_[next_++];
    }
    given_.push_back(std::move(each));
    return true;
}

bool OptionReader::read() {
    while (has_next()) {
        const std::string& word = words_[next_++];
        if (word.size() < 2 || !word.starts_with('-') || word == "--") {
            remarks_.broken(at_, word, "is no option of ipvsadm: the line is passed over");
            return false;
        }
        if (!(word.starts_with("--") ? read_word(word) : read_letters(word))) return false;
    }
    return true;
}

}  // namespace

std::optional<std::vector<GivenOption>> options_of(const std::vector<std::string>& words, Place at, Remarks& remarks) {
    OptionReader reader(words, at, remarks);
    if (!reader.read()) return std::nullopt;
    return reader.take();
}

std::optional<std::uint32_t> number_of(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace lbconverge::importer::ipvsadm
