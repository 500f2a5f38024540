// What is said about the way of a file into ours. Private to import.
#pragma once

#include "lbconverge/import/keepalived.hpp"

#include <map>
#include <tuple>
#include <utility>

namespace lbconverge::importer {

/// Collects remarks. The same remark about several places is one remark.
class Remarks {
public:
    void broken(Place at, std::string keyword, std::string what, std::string remedy = {});
    void lost(Place at, std::string keyword, std::string what, std::string remedy = {});
    void changed(Place at, std::string keyword, std::string what, std::string remedy = {});
    /// All of them, sorted by place; leaves none behind.
    std::vector<Remark> take();

private:
    void add(RemarkKind kind, Place at, std::string keyword, std::string what, std::string remedy);

    std::vector<Remark> all_;
    std::map<std::tuple<RemarkKind, std::string, std::string, std::string>, std::size_t> index_;
};

}  // namespace lbconverge::importer
