#include "keywords.hpp"

#include "keyword_rows.hpp"

#include <algorithm>
#include <array>

namespace lbconverge::importer {

namespace {

struct BlockName {
    std::uint32_t in;
    std::string_view name;
};
constexpr BlockName blocks[] = {{in_top, ""},
                                {in_global, "global_defs"},
                                {in_instance, "vrrp_instance"},
                                {in_group, "vrrp_sync_group"},
                                {in_script, "vrrp_script"},
                                {in_process, "vrrp_track_process"},
                                {in_file, "track_file"},
                                {in_auth, "authentication"},
                                {in_bfd, "bfd_instance"},
                                {in_garp_group, "garp_group"},
                                {in_track_group, "track_group"},
                                {in_service, "virtual_server"},
                                {in_real, "real_server"},
                                {in_http, "HTTP_GET"},
                                {in_ssl, "SSL_GET"},
                                {in_tcp, "TCP_CHECK"},
                                {in_smtp, "SMTP_CHECK"},
                                {in_dns, "DNS_CHECK"},
                                {in_misc, "MISC_CHECK"},
                                {in_udp, "UDP_CHECK"},
                                {in_ping, "PING_CHECK"},
                                {in_file_check, "FILE_CHECK"},
                                {in_bfd_check, "BFD_CHECK"},
                                {in_url, "url"},
                                {in_smtp_host, "host"},
                                {in_tls, "SSL"}};

/// All rows, sorted by word for the search.
const std::vector<Keyword>& sorted_rows() {
    static const std::vector<Keyword> rows = [] {
        std::vector<Keyword> all(keywords().begin(), keywords().end());
        std::stable_sort(all.begin(), all.end(), [](const Keyword& a, const Keyword& b) { return a.word < b.word; });
        return all;
    }();
    return rows;
}

}  // namespace

std::span<const Keyword> keywords() {
    static const std::vector<Keyword> all = [] {
        std::vector<Keyword> rows;
        for (const auto part : {global_keywords(), vrrp_keywords(), service_keywords()}) {
            rows.insert(rows.end(), part.begin(), part.end());
        }
        return rows;
    }();
    return all;
}

const Keyword* keyword_in(std::uint32_t where, std::string_view word) {
    const auto& rows = sorted_rows();
    auto at = std::lower_bound(rows.begin(), rows.end(), word,
                               [](const Keyword& row, std::string_view wanted) { return row.word < wanted; });
    for (; at != rows.end() && at->word == word; ++at) {
        if ((at->in & where) != 0) return &*at;
    }
    return nullptr;
}

std::vector<std::string_view> known_in(std::uint32_t where) {
    std::vector<std::string_view> words;
    for (const Keyword& each : keywords()) {
        if ((each.in & where) != 0) words.push_back(each.word);
    }
    return words;
}

std::string_view name_of_block(std::uint32_t where) {
    for (const BlockName& each : blocks) {
        if (each.in == where) return each.name;
    }
    return {};
}

std::string guide_table() {
    std::string text = "| keyword | in | here |\n|---|---|---|\n";
    for (const Keyword& each : keywords()) {
        text.append("| `").append(each.word).append("` | ");
        std::string where;
        for (const BlockName& block : blocks) {
            if ((each.in & block.in) == 0) continue;
            where.append(where.empty() ? "" : ", ").append(block.in == in_top ? "top" : block.name);
        }
        text.append(where).append(" | ");
        if (each.fate == Destiny::lost) text += "**not carried**: ";
        if (each.fate == Destiny::same) text += "not needed: ";
        text.append(each.here);
        if (!each.remedy.empty()) text.append("; instead: ").append(each.remedy);
        text += " |\n";
    }
    return text;
}

}  // namespace lbconverge::importer
