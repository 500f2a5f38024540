#include "lbconverge/daemon/run_directory.hpp"

#include "lbconverge/plan/ledger.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace lbconverge;
using namespace lbconverge::daemon;
using kinds::Address;
using kinds::Part;
using kinds::Service;

namespace {

namespace fs = std::filesystem;

class Scratch {
public:
    Scratch() {
        char name[] = "/tmp/lbconverge-unit-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = name;
    }
    ~Scratch() { fs::remove_all(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }
    [[nodiscard]] RunDirectory run() const { return RunDirectory(path_); }

private:
    std::string path_;
};

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

kinds::Ledger some_claims() {
    return plan::parse_ledger("address\t192.0.2.20/32 eth0\t1\tmade\nservice\ttcp 192.0.2.20:80\t2\tmade\n").ledger;
}

std::string network_text(const LoadedLedger& loaded) { return plan::to_text(loaded.ledger, Part::network); }

}  // namespace

TEST_CASE("each part of the ledger is read back as it was written") {
    const Scratch scratch;
    const RunDirectory run = scratch.run();
    CHECK(plan::to_text(run.load().ledger).empty());
    REQUIRE(run.save(some_claims()).has_value());
    const LoadedLedger all = run.load();
    CHECK(all.notes.empty());
    CHECK(plan::to_text(all.ledger) == plan::to_text(some_claims()));
    CHECK(content(scratch.file("ledger")).starts_with("lbconverge-ledger 2 "));
    CHECK(run.load(Part::tables).ledger.get<Address>().empty());
    CHECK(run.load(Part::network).ledger.get<Service>().size() == 1);  // who plans VIPs has to know of services
    CHECK(run.load(Part::network).ledger.get<Address>().size() == 1);
}

TEST_CASE("lines of a newer version survive, in a file of a newer format, too") {
    const Scratch scratch;
    const RunDirectory run = scratch.run();
    REQUIRE(run.save(some_claims()).has_value());
    append(scratch.file("ledger-network"), "bridge\tbr0\tabc\n");
    std::string text = content(scratch.file("ledger-network"));
    text.replace(text.find(" 2 "), 3, " 7 ");
    write(scratch.file("ledger-network"), text);
    const LoadedLedger loaded = run.load();
    CHECK(loaded.notes.empty());
    CHECK(loaded.ledger.get<Address>().size() == 1);
    kinds::Ledger fewer = loaded.ledger;
    fewer.get<Address>().clear();
    REQUIRE(run.save(fewer).has_value());
    CHECK(content(scratch.file("ledger-network")).starts_with("lbconverge-ledger 7 "));
    CHECK(network_text(run.load()) == "bridge\tbr0\tabc\n");
}

TEST_CASE("a ledger of the format before this one is read") {
    const Scratch scratch;
    write(scratch.file("ledger-network"),
          "lbconverge-ledger 1 " + content("/proc/sys/kernel/random/boot_id") + "address\t192.0.2.20/32 eth0\t1\n");
    const LoadedLedger loaded = scratch.run().load();
    CHECK(loaded.notes.empty());
    CHECK(network_text(loaded) == "address\t192.0.2.20/32 eth0\t1\n");
}

TEST_CASE("another boot's ledger is empty, and no ledger at all is no reason to stop") {
    const Scratch scratch;
    const RunDirectory run = scratch.run();
    const std::string file = scratch.file("ledger-network");
    write(file, "lbconverge-ledger 2 another-boot\naddress\t192.0.2.20/32 eth0\t1\n");
    CHECK(network_text(run.load()).empty());
    CHECK(run.load().notes.empty());
    write(file, "");
    CHECK(network_text(run.load()).empty());
    CHECK(run.load().notes.empty());
    for (const std::string& strange :
         {std::string("rubbish\n"), std::string("\0\xff\n", 3), std::string(1'000'000, 'x'),
          std::string("lbconverge-ledger x\n"), std::string("lbconverge-ledger 2")}) {
        write(file, strange);
        CHECK(network_text(run.load()).empty());
    }
    write(file, "rubbish\n");
    REQUIRE(run.load().notes.size() == 1);
    CHECK(run.load().notes[0] == file + " is no ledger of lbconverge; it is passed over");
}

TEST_CASE("a damaged line is named, and the others count") {
    const Scratch scratch;
    const RunDirectory run = scratch.run();
    REQUIRE(run.save(some_claims()).has_value());
    append(scratch.file("ledger-network"), "rubbish\n");
    const LoadedLedger loaded = run.load();
    CHECK(loaded.ledger.get<Address>().size() == 1);
    REQUIRE(loaded.notes.size() == 1);
    CHECK(loaded.notes[0] == scratch.file("ledger-network") + ": line 2 cannot be read; what it said is forgotten");
}

TEST_CASE("what is no file is said, held up by nothing, and put aside when the ledger is written") {
    const Scratch scratch;
    const RunDirectory run = scratch.run();
    const std::string file = scratch.file("ledger-network");
    fs::create_directory(file);
    write(file + "/kept", "x");
    REQUIRE(run.load().notes.size() == 1);
    CHECK(run.load().notes[0] == file + ": cannot be read: it is a directory; what it said is forgotten");
    REQUIRE(run.save(some_claims()).has_value());
    CHECK(run.load().ledger.get<Address>().size() == 1);
    CHECK(fs::exists(file + ".bad/kept"));
    fs::remove(file);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(run.load().notes.size() == 1);
    REQUIRE(run.save(some_claims()).has_value());
    CHECK(run.load().notes.empty());
}

TEST_CASE("what health has said is read across versions, and a damaged line stops nobody") {
    const Scratch scratch;
    const RunDirectory run = scratch.run();
    const BootTime now(std::chrono::seconds(1000));
    const std::string file = scratch.file("health");
    write(file, "lbconverge-health 1 " + content("/proc/sys/kernel/random/boot_id") +
                    "drain\t10.0.0.3\t80\t-\t1700000000\nrubbish\n");
    const LoadedHealth loaded = run.load_health(now);
    REQUIRE(loaded.health.drains.size() == 1);
    CHECK(loaded.health.drains[0].age == std::chrono::seconds(0));
    CHECK(loaded.notes.size() == 1);
    REQUIRE(run.save_health(loaded.health, now).has_value());
    CHECK(run.load_health(now + std::chrono::seconds(5)).health.drains[0].age == std::chrono::seconds(5));
}
