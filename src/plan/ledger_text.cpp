// The ledger as text, and back. packaging/manual/operation.md describes the format.
#include "lbconverge/plan/ledger.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace lbconverge::plan {

using namespace kinds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// How many lines of a newer version are kept, and how long: enough for that version, but not enough to fill a disk.
constexpr std::size_t most_unknown_lines = 1000;
constexpr std::size_t longest_unknown_line = 4096;

/// The end of the year 9999: sums with it do not overflow.
constexpr std::uint64_t latest = 253402300799;

constexpr std::string_view file_vip = "file-vip";
constexpr std::string_view file_limits = "file-limits";
constexpr std::string_view file_service = "file-service";
constexpr std::string_view exclusive = "exclusive";
constexpr std::string_view drain = "drain";

std::string_view next_field(std::string_view& line) {
    const std::size_t tab = line.find('\t');
    const std::string_view field = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
    return field;
}

/// One per key: the first one.
template <class Entry>
void sort_by_key(std::vector<Entry>& entries) {
    const auto earlier = [](const Entry& a, const Entry& b) { return a.key < b.key; };
    const auto same = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    std::stable_sort(entries.begin(), entries.end(), earlier);
    entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
}

/// Of a length that may be kept, and without control characters.
bool is_plain(std::string_view text) {
    const auto is_control = [](char c) { return (c != '\t' && static_cast<unsigned char>(c) < ' ') || c == '\x7f'; };
    return text.size() <= longest_unknown_line && std::ranges::none_of(text, is_control);
}

// ---- reading -------------------------------------------------------------------------------------------------------

/// Reads what comes after the fingerprint: for a restorable kind the old value, else how the row became ours.
template <class Kind>
bool read_rest(std::string_view line, Claim<Kind>& claim) {
    bool good = true;
    if constexpr (Restorable<Kind>) {
        for_each_field(claim.before.emplace(),
                       [&](const auto&, auto& value) { good = good && from_text(next_field(line), value); });
    } else {
        std::string_view rest = line;
        if (from_text(next_field(rest), claim.origin)) line = rest;
    }
    if (is_plain(line)) claim.more = std::string(line);
    return good;
}

template <class Kind>
bool read_claim(std::string_view line, Ledger& ledger) {
    const auto key = Kind::parse_id(next_field(line));
    if (!key) return false;
    Claim<Kind> claim{.key = *key};
    const bool has_rest = line.find('\t') != std::string_view::npos;  // which may be empty
    const std::string_view print = next_field(line);
    const auto [end, error] = std::from_chars(print.data(), print.data() + print.size(), claim.fingerprint, 16);
    if (error != std::errc{} || end != print.data() + print.size()) return false;
    if (has_rest && !read_rest(line, claim)) return false;
    ledger.get<Kind>().push_back(std::move(claim));
    return true;
}

bool read_milliseconds(std::string_view text, milliseconds& time) {
    std::uint64_t count = 0;
    if (!from_text(text, count) || count > latest) return false;
    time = milliseconds(count);
    return true;
}

bool read_drain(std::string_view line, Ledger& ledger) {
    const auto key = RealServer::parse_id(next_field(line));
    std::uint64_t since = 0;
    if (!key || !from_text(next_field(line), since) || since > latest) return false;
    ledger.drains.push_back({*key, BootTime(seconds(since))});
    if (line.empty()) return true;  // an older version did not write the time-out
    milliseconds timeout{};
    if (read_milliseconds(next_field(line), timeout)) ledger.drains.back().timeout = timeout;
    return true;
}

bool read_vip(std::string_view line, FileMemory& file) {
    const auto address = IpAddress::parse(next_field(line));
    if (address) file.vips.push_back({*address, std::string(next_field(line))});
    return address.has_value();
}

bool read_limit(std::string_view text, std::optional<std::uint32_t>& limit) {
    return text == "-" || from_text(text, limit.emplace());
}

bool read_limits(std::string_view line, FileMemory& file) {
    FileMemory read;
    if (!read_limit(next_field(line), read.max_service_deletes)) return false;
    if (!read_limit(next_field(line), read.max_weight_loss)) return false;
    file.max_service_deletes = read.max_service_deletes;
    file.max_weight_loss = read.max_weight_loss;
    file.exclusive = next_field(line) == exclusive;
    file.known = true;
    return true;
}

/// 192.168.100.3:80=1
bool read_server(std::string_view text, const Service::Key& service, FileMemory& file) {
    const std::size_t sign = text.rfind('=');
    if (sign == std::string_view::npos) return false;
    const auto server = parse_with_port(text.substr(0, sign));
    std::uint32_t weight = 0;
    if (!server || !from_text(text.substr(sign + 1), weight)) return false;
    file.servers.push_back({{service, server->address, server->port}, weight});
    return true;
}

enum class Extent { outline, all };

bool read_service(std::string_view line, FileMemory& file, Extent extent) {
    const auto key = Service::parse_id(next_field(line));
    RememberedService service;
    if (!key || !read_milliseconds(next_field(line), service.drain_timeout)) return false;
    service.key = *key;
    file.services.push_back(service);
    bool good = true;
    while (extent == Extent::all && !line.empty()) good = read_server(next_field(line), *key, file) && good;
    return good;
}

/// A kind of line that this version does not know: a word, and plain text.
bool is_of_newer_version(std::string_view word, std::string_view line) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !word.empty() && word.size() < line.size() && is_plain(line) && std::ranges::all_of(word, is_letter);
}

bool read_line(const std::string_view whole, Part part, Ledger& ledger) {
    std::string_view line = whole;
    const std::string_view word = next_field(line);
    if (word == drain) return read_drain(line, ledger);
    if (word == file_vip) return read_vip(line, ledger.file);
    if (word == file_limits) return read_limits(line, ledger.file);
    if (word == file_service) return read_service(line, ledger.file, Extent::all);
    bool known = false;
    bool good = false;
    for_each_kind([&]<class Kind>() {
        if (word != Kind::name) return;
        known = true;
        if constexpr (!ChildKind<Kind>) good = read_claim<Kind>(line, ledger);
    });
    if (known) return good;
    if (!is_of_newer_version(word, whole) || ledger.unknown.size() >= most_unknown_lines) return false;
    ledger.unknown.push_back({part, std::string(whole)});
    return true;
}

/// Calls f(line, number) for each line.
template <class F>
void for_each_line(std::string_view text, F&& f) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        f(line, number);
    }
}

void in_order(Ledger& ledger) {
    for_each_kind([&]<class Kind>() { sort_by_key(ledger.get<Kind>()); });
    sort_by_key(ledger.drains);
    std::ranges::sort(ledger.unknown);
    ledger.unknown.erase(std::unique(ledger.unknown.begin(), ledger.unknown.end()), ledger.unknown.end());
    ledger.file.finish();
}

// ---- writing -------------------------------------------------------------------------------------------------------

void add_line(std::string& text, std::initializer_list<std::string_view> fields) {
    bool first = true;
    for (const std::string_view field : fields) {
        if (!first) text += '\t';
        text += field;
        first = false;
    }
    text += '\n';
}

template <class Kind>
void add_claim(std::string& text, const Claim<Kind>& claim) {
    char number[24];
    char* const end = std::to_chars(number, number + sizeof number, claim.fingerprint, 16).ptr;
    text.append(Kind::name).append("\t").append(Kind::id(claim.key)).append("\t").append(std::string_view(number, end));
    if (claim.before) {
        for_each_field(*claim.before,
                       [&](const auto&, const auto& value) { text.append("\t").append(to_text(value)); });
    }
    if (claim.origin != ClaimOrigin::unknown) text.append("\t").append(to_text(claim.origin));
    if (!claim.more.empty()) text.append("\t").append(claim.more);
    text += '\n';
}

std::string limit_text(const std::optional<std::uint32_t>& limit) { return limit ? std::to_string(*limit) : "-"; }

void add_vips(std::string& text, const FileMemory& file) {
    for (const RememberedVip& vip : file.vips) add_line(text, {file_vip, to_text(vip.address), vip.instance});
}

void add_services(std::string& text, const FileMemory& file) {
    if (!file.known) return;
    add_line(text, {file_limits, limit_text(file.max_service_deletes), limit_text(file.max_weight_loss),
                    file.exclusive ? exclusive : "shared"});
    auto server = file.servers.begin();
    for (const RememberedService& service : file.services) {
        text.append(file_service).append("\t").append(Service::id(service.key)).append("\t");
        text.append(std::to_string(service.drain_timeout.count()));
        while (server != file.servers.end() && server->key.service < service.key) ++server;
        for (; server != file.servers.end() && server->key.service == service.key; ++server) {
            text.append("\t").append(RealServer::display(server->key)).append("=");
            text.append(std::to_string(server->weight));
        }
        text += '\n';
    }
}

}  // namespace

std::string to_text(const Ledger& ledger, Part part) {
    std::string text;
    for_each_kind([&]<class Kind>() {
        if (!within<Kind>(part)) return;
        for (const Claim<Kind>& claim : ledger.get<Kind>()) add_claim(text, claim);
    });
    if (within<Address>(part)) add_vips(text, ledger.file);
    if (within<RealServer>(part)) {
        for (const DrainingServer& each : ledger.drains) {
            text.append(drain).append("\t").append(RealServer::id(each.key)).append("\t");
            text.append(std::to_string(each.since.time_since_epoch().count()));
            if (each.timeout) text.append("\t").append(std::to_string(each.timeout->count()));
            text += '\n';
        }
        add_services(text, ledger.file);
    }
    for (const UnknownLine& each : ledger.unknown) {
        if (part == Part::all || part == each.part) add_line(text, {each.text});
    }
    return text;
}

ReadLedger parse_ledger(std::string_view text, Part part) {
    ReadLedger read;
    for_each_line(text, [&](std::string_view line, std::size_t number) {
        if (!read_line(line, part, read.ledger)) read.damaged.add(number);
    });
    in_order(read.ledger);
    return read;
}

Ledger parse_outline(std::string_view text) {
    Ledger ledger;
    for_each_line(text, [&](std::string_view line, std::size_t) {
        const std::string_view word = next_field(line);
        if (word == Service::name) (void)read_claim<Service>(line, ledger);
        if (word == file_limits) (void)read_limits(line, ledger.file);
        if (word == file_service) (void)read_service(line, ledger.file, Extent::outline);
    });
    in_order(ledger);
    return ledger;
}

}  // namespace lbconverge::plan
