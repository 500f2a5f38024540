// keepalived.conf → the file of a cluster in TOML, and everything that a person must know about the way there. Pure:
// the caller opens the files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::importer {

/// A line of one of the files that were read.
struct Place {
    std::uint32_t file = 0;  ///< index into Imported::files
    std::uint32_t line = 0;  ///< from 1; 0: the file as a whole
    auto operator<=>(const Place&) const = default;
};

/// What a remark is about.
enum class RemarkKind : std::uint8_t {
    broken,   ///< the file is not as keepalived wants it
    lost,     ///< it is not in the result
    changed,  ///< it is there with another value, or means something else
};

struct Remark {
    RemarkKind kind = RemarkKind::lost;
    Place place;
    std::string keyword;
    std::string what;
    std::string remedy;
    std::vector<Place> again;  ///< further places with the same keyword, reason and remedy
};

/// How the files are reached.
struct FileSystem {
    /// The text of a file; nullopt: it cannot be read.
    std::function<std::optional<std::string>(const std::string& path)> open;
    /// The files that a pattern with wildcards names, in the order of their names.
    std::function<std::vector<std::string>(const std::string& pattern)> glob;
};

/// The configuration of one node. Without a name, it is that of the router_id, if there are several nodes.
struct NodeFile {
    std::string node;
    std::string path;
};

struct Imported {
    std::string toml;
    std::vector<Remark> remarks;     ///< in the order of the files and lines
    std::vector<std::string> files;  ///< as they were named, and those that they include
    bool readable = true;            ///< false: a file could not be read, or nothing in it has a place in the result
    bool accepted = false;           ///< check finds no error in the result
    std::string objections;          ///< else its errors, a line for each
};

/// `host` is what @conditions are compared with in the file of a node without a name.
Imported import_keepalived(const std::vector<NodeFile>& nodes, const FileSystem& files, const std::string& host);

/// ldirectord.cf. The result has no VIPs: ldirectord sets none.
Imported import_ldirectord(const std::string& path, const FileSystem& files);

/// What `ipvsadm -Sn` writes, or a script of its commands.
Imported import_ipvsadm(const std::string& path, const FileSystem& files);

/// "keepalived.conf:12: not carried: use_vmac: why; hint: what to do".
std::string to_text(const Remark& remark, const std::vector<std::string>& files);

}  // namespace lbconverge::importer
