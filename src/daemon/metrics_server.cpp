#include "metrics_server.hpp"

#include "caught.hpp"
#include "lbconverge/daemon/log.hpp"
#include "local_socket.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace lbconverge::daemon {

namespace {

/// What is written at once, in octets. Between two pieces the other clients have their turn.
constexpr std::size_t piece = std::size_t{128} * 1024;
/// Digits of the length of a chunk.
constexpr std::size_t length_digits = 8;

constexpr const char* text_type = "text/plain; charset=utf-8";
constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

std::string head_of(const char* status, const char* type, const std::string& more) {
    return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: " + type + "\r\n" + more +
           "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
}

std::string whole_answer(const char* status, const std::string& line, const std::string& more = {}) {
    const std::string text = line + "\n";
    return head_of(status, text_type, more + "Content-Length: " + std::to_string(text.size()) + "\r\n") + text;
}

std::string no_place() { return whole_answer("503 Service Unavailable", "too many clients; try again"); }
std::string no_time() { return whole_answer("408 Request Timeout", "the request took too long"); }

/// The user of the client; those of TCP count as one that is not root.
unsigned user_behind(int fd) {
    constexpr unsigned anybody = 65534;
    ucred who{};
    socklen_t size = sizeof who;
    sockaddr address{};
    socklen_t address_size = sizeof address;
    const bool is_local = ::getsockname(fd, &address, &address_size) == 0 && address.sa_family == AF_UNIX;
    return is_local && ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.uid : anybody;
}

std::size_t octets_of(const metrics::MetricsPicture& picture) {
    std::size_t octets = picture.board.servers.size() * sizeof(health::ServerView) +
                         picture.board.services.size() * sizeof(health::ServiceView);
    if (picture.traffic) {
        octets += picture.traffic->servers().size() * sizeof(kinds::ServerTraffic) +
                  picture.traffic->services().size() * sizeof(kinds::ServiceTraffic);
    }
    return octets;
}

/// Replaces `to` by the next piece, as a chunk if the client understands that. False: that was the last one.
bool next_piece(metrics::MetricsText& rest, bool chunked, std::string& to) {
    to.clear();
    if (!chunked) return rest.write(piece, to);
    to.assign(length_digits, '0').append("\r\n");
    const std::size_t start = to.size();
    const bool more = rest.write(piece, to);
    std::size_t length = to.size() - start;
    if (length == 0) {
        to.clear();
    } else {
        to += "\r\n";
        for (std::size_t at = length_digits; length > 0; length /= 16) to[--at] = "0123456789abcdef"[length % 16];
    }
    if (!more) to += "0\r\n\r\n";
    return more;
}

}  // namespace

MetricsServer::MetricsServer(Suppliers suppliers, const Admission::Bounds& limits, const Moments& moments)
    : overdue_(loop_),
      admission_(limits),
      pictures_(loop_, moments.picture, std::move(suppliers.picture),
                [this](Admission::Client client, const Pictured& picture) { give(client, picture); }),
      bulletins_(loop_, moments.bulletin, std::move(suppliers.bulletin),
                 [this](Admission::Client client, const metrics::Bulletin& bulletin) { give(client, bulletin); }),
      listener_(loop_, [this](int fd) { came(fd); }),
      thread_([this] { run(); }) {}

MetricsServer::~MetricsServer() {
    loop_.stop();
    thread_.join();
}

/// What goes wrong here must not end the daemon.
void MetricsServer::run() {
    for (;;) {
        const auto ended = caught([this] { loop_.run(); });
        if (ended) return;
        log(Level::error, "metrics: " + ended.error().what);
    }
}

void MetricsServer::move_to(std::optional<config::ListenAddress> where) {
    loop_.post([this, where = std::move(where)] { listener_.move_to(where); });
}

void MetricsServer::came(int fd) {
    HttpClient http(loop_, fd);
    const auto [admitted, gives_way] = admission_.admit(user_behind(fd), std::chrono::steady_clock::now());
    if (gives_way) send_away(*gives_way, no_place());
    if (!admitted) {
        std::size_t sent = 0;
        daemon::give(fd, no_place(), sent);  // such a short text always fits into the socket
        return;
    }
    clients_.emplace(*admitted, std::move(http));
    watch_the_clock();
    read(*admitted);
}

void MetricsServer::read(Admission::Client client) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    HttpClient& http = at->second;
    const ssize_t size = take(http.socket.fd(), http.text);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return send_away(client, {});
    if (is_whole_http_head(http.text)) return heard(client, http);
    if (http.text.size() < longest_http_head) {
        http.socket.when_readable([this, client] { read(client); });
    } else {
        answer(client, whole_answer("431 Request Header Fields Too Large", "the request is too long"));
    }
}

void MetricsServer::heard(Admission::Client client, HttpClient& http) {
    const auto request = parse_http_request(http.text);
    if (!request) return answer(client, whole_answer("400 Bad Request", request.error().what));
    http.chunked = request->chunked;
    const bool metrics = request->path == "/metrics";
    if (!metrics && request->path != "/healthz") {
        return answer(client, whole_answer("404 Not Found", "here are /metrics and /healthz"));
    }
    if (request->method != "GET") {
        return answer(client, whole_answer("405 Method Not Allowed", "only GET", "Allow: GET\r\n"));
    }
    admission_.asked(client);
    metrics ? pictures_.ask(client) : bulletins_.ask(client);
}

void MetricsServer::give(Admission::Client client, const metrics::Bulletin& bulletin) {
    answer(client, whole_answer(bulletin.serves() ? "200 OK" : "503 Service Unavailable", bulletin.line));
}

void MetricsServer::give(Admission::Client client, const Pictured& picture) {
    if (!picture) return answer(client, whole_answer("500 Internal Server Error", picture.error().what));
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    HttpClient& http = at->second;
    http.text = head_of("200 OK", metrics_type, http.chunked ? "Transfer-Encoding: chunked\r\n" : "");
    http.rest = std::make_unique<metrics::MetricsText>(*picture);
    begin_answer(client, picture->get(), octets_of(**picture));
}

void MetricsServer::answer(Admission::Client client, const std::string& text) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    at->second.text = text;
    begin_answer(client, nullptr, 0);
}

/// Others that have taken an older answer for long may have to go, since all of them use too much memory.
void MetricsServer::begin_answer(Admission::Client client, const void* what, std::size_t octets) {
    clients_.at(client).answered = true;
    const auto now = std::chrono::steady_clock::now();
    for (const Admission::Client each : admission_.answered(client, what, octets, now)) send_away(each, {});
    write(client);
    watch_the_clock();
}

void MetricsServer::write(Admission::Client client) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    HttpClient& http = at->second;
    const int error = daemon::give(http.socket.fd(), http.text, http.sent);
    if (error != 0 && error != EAGAIN) return send_away(client, {});
    if (error == 0) {
        if (http.rest == nullptr) return see_off(client);
        http.sent = 0;
        if (!next_piece(*http.rest, http.chunked, http.text)) http.rest.reset();
    }
    http.socket.when_writable([this, client] { write(client); });
}

/// To close a connection with octets that were not read yet would take back what was sent. So it is closed when the
/// client has closed its end; or when its time is over.
void MetricsServer::see_off(Admission::Client client) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    HttpClient& http = at->second;
    ::shutdown(http.socket.fd(), SHUT_WR);
    http.text.clear();
    const ssize_t size = take(http.socket.fd(), http.text);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return send_away(client, {});
    http.socket.when_readable([this, client] { see_off(client); });
}

/// A client that was sent nothing yet is told why, if there is a reason to tell.
void MetricsServer::send_away(Admission::Client client, const std::string& why) {
    admission_.gone(client);
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    std::size_t sent = 0;
    if (!why.empty() && !at->second.answered) daemon::give(at->second.socket.fd(), why, sent);
    clients_.erase(at);
}

void MetricsServer::watch_the_clock() {
    const auto next = admission_.next();
    if (!next) return overdue_.cancel();
    overdue_.start(*next - std::chrono::steady_clock::now(), [this] {
        for (const Admission::Client each : admission_.overdue(std::chrono::steady_clock::now()))
            send_away(each, no_time());
        watch_the_clock();
    });
}

}  // namespace lbconverge::daemon
