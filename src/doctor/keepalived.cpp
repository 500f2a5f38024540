#include "keepalived.hpp"

#include <algorithm>

namespace lbconverge::doctor {

namespace {

/// Words and braces of one file, comments left out ("!" and "#", keepalived.conf(5)).
struct Line {
    std::vector<std::string> words;
    std::size_t number = 0;
};

std::vector<Line> lines_of(const TextFile& file) {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        Line line{{}, i + 1};
        std::string word;
        const auto end_word = [&] {
            if (!word.empty()) line.words.push_back(std::move(word));
            word.clear();
        };
        for (const char c : file.lines[i]) {
            if (c == '#' || c == '!') break;
            if (c == '{' || c == '}') {
                end_word();
                line.words.emplace_back(1, c);
            } else if (c == ' ' || c == '\t' || c == '"' || c == '\r') {
                end_word();
            } else {
                word += c;
            }
        }
        end_word();
        if (!line.words.empty()) lines.push_back(std::move(line));
    }
    return lines;
}

std::uint16_t number_of(const std::string& text) {
    std::uint16_t value = 0;
    return from_text(std::string_view(text), value) ? value : 0;
}

std::optional<IpAddress> address_of(const std::string& text) {
    const auto parsed = parse_with_prefix(text);
    return parsed ? std::optional(parsed->address) : std::nullopt;
}

/// Follows the blocks of one file and remembers in which it is.
class KeepalivedReader {
public:
    KeepalivedReader(const std::string& path, Keepalived& out) : path_(path), out_(out) {}

    void read(const Line& line) {
        std::vector<std::string> words;
        for (const std::string& word : line.words) {
            if (word == "{") {
                enter(words, line.number);
                words.clear();
            } else if (word == "}") {
                say(words, line.number);
                words.clear();
                if (!blocks_.empty()) blocks_.pop_back();
            } else {
                words.push_back(word);
            }
        }
        if (line.words.back() == "{") return;
        // "vrrp_instance VI" with the brace on the next line, which is how some write.
        pending_ = words;
        say(words, line.number);
    }

private:
    [[nodiscard]] Keepalived::At at(std::size_t line) const { return {path_, line}; }

    void enter(std::vector<std::string> words, std::size_t line) {
        if (words.empty()) words = pending_;
        const std::string what = words.empty() ? "" : words.front();
        blocks_.push_back(what);
        if (what == "vrrp_instance" && words.size() > 1) {
            out_.instances.push_back({words[1], {}, 0, {}, at(line)});
        } else if (what == "virtual_server" && words.size() > 2) {
            service_ = {address_of(words[1]).value_or(IpAddress{}), {}, number_of(words[2]), 0, "NAT", {}};
            first_server_ = out_.servers.size();
        } else if (what == "real_server" && words.size() > 2) {
            const auto address = address_of(words[1]);
            if (!address) return;
            Keepalived::Server server = service_;
            server.address = *address;
            server.port = number_of(words[2]);
            server.at = at(line);
            out_.servers.push_back(server);
        }
    }

    void say(const std::vector<std::string>& words, std::size_t line) {
        if (words.empty() || blocks_.empty()) return;
        const std::string& block = blocks_.back();
        if (block.starts_with("virtual_ipaddress"))
            return add_address(words.front(), block == "virtual_ipaddress", line);
        if (words.size() < 2) return;
        if (block == "vrrp_instance" && !out_.instances.empty()) {
            Keepalived::VrrpInstance& instance = out_.instances.back();
            if (words[0] == "interface") instance.interface = InterfaceName(words[1]);
            if (words[0] == "virtual_router_id") instance.vrid = static_cast<std::uint8_t>(number_of(words[1]));
        }
        if (block != "virtual_server") return;
        if (words[0] == "lb_algo" || words[0] == "lvs_sched") out_.schedulers.push_back({words[1], at(line)});
        if (words[0] != "lb_kind" && words[0] != "lvs_method") return;
        service_.kind = words[1];
        for (std::size_t i = first_server_; i < out_.servers.size(); ++i) out_.servers[i].kind = words[1];
    }

    void add_address(const std::string& word, bool advertised, std::size_t line) {
        const auto address = address_of(word);
        if (!address) return;
        out_.owned.push_back({*address, at(line)});
        if (advertised && !out_.instances.empty()) out_.instances.back().vips.push_back(*address);
    }

    std::string path_;
    Keepalived& out_;
    std::vector<std::string> blocks_;
    std::vector<std::string> pending_;
    Keepalived::Server service_;
    std::size_t first_server_ = 0;
};

}  // namespace

bool Keepalived::owns(const IpAddress& address) const {
    return std::any_of(owned.begin(), owned.end(), [&](const Owned& each) { return each.address == address; });
}

Keepalived parse_keepalived(std::span<const TextFile> files) {
    Keepalived result;
    for (const TextFile& file : files) {
        if (!file.path.starts_with("/etc/keepalived/") || !file.path.ends_with(".conf")) continue;
        KeepalivedReader reader(file.path, result);
        for (const Line& line : lines_of(file)) reader.read(line);
    }
    return result;
}

}  // namespace lbconverge::doctor
