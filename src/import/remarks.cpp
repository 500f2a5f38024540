#include "remarks.hpp"

#include <algorithm>

namespace lbconverge::importer {

void Remarks::broken(Place at, std::string keyword, std::string what, std::string remedy) {
    add(RemarkKind::broken, at, std::move(keyword), std::move(what), std::move(remedy));
}

void Remarks::lost(Place at, std::string keyword, std::string what, std::string remedy) {
    add(RemarkKind::lost, at, std::move(keyword), std::move(what), std::move(remedy));
}

void Remarks::changed(Place at, std::string keyword, std::string what, std::string remedy) {
    add(RemarkKind::changed, at, std::move(keyword), std::move(what), std::move(remedy));
}

void Remarks::add(RemarkKind kind, Place at, std::string keyword, std::string what, std::string remedy) {
    const auto [known, is_new] = index_.emplace(std::tuple(kind, keyword, what, remedy), all_.size());
    if (is_new) {
        all_.push_back({kind, at, std::move(keyword), std::move(what), std::move(remedy), {}});
        return;
    }
    Remark& first = all_[known->second];
    const bool said = first.place == at || (!first.again.empty() && first.again.back() == at);
    if (!said) first.again.push_back(at);
}

std::vector<Remark> Remarks::take() {
    index_.clear();
    std::stable_sort(all_.begin(), all_.end(), [](const Remark& a, const Remark& b) { return a.place < b.place; });
    return std::exchange(all_, {});
}

namespace {

std::string place_text(Place at, const std::vector<std::string>& files) {
    const std::string path = at.file < files.size() ? files[at.file] : std::string();
    return at.line == 0 ? path : path + ":" + std::to_string(at.line);
}

/// "; also at lines 14, 27 and 3 more": those of the same file without its name.
std::string again_text(const Remark& remark, const std::vector<std::string>& files) {
    constexpr std::size_t most = 12;
    std::string text;
    for (std::size_t i = 0; i < remark.again.size() && i < most; ++i) {
        const Place at = remark.again[i];
        text += i == 0 ? "; also at " : ", ";
        text += at.file == remark.place.file ? "line " + std::to_string(at.line) : place_text(at, files);
    }
    if (remark.again.size() > most) text += " and " + std::to_string(remark.again.size() - most) + " more places";
    return text;
}

}  // namespace

std::string to_text(const Remark& remark, const std::vector<std::string>& files) {
    constexpr std::string_view kinds[] = {"broken", "not carried", "changed"};
    std::string text = place_text(remark.place, files) + ": ";
    text.append(kinds[static_cast<std::size_t>(remark.kind)]).append(": ");
    if (!remark.keyword.empty()) text += remark.keyword + ": ";
    text += remark.what + again_text(remark, files);
    if (!remark.remedy.empty()) text += "; hint: " + remark.remedy;
    return text;
}

}  // namespace lbconverge::importer
