/* The table that every side of the benchmark loads: N services of M real servers each.
 * Service i is TCP 10.64.0.0 + i, port 80, scheduler rr; its real server j is 10.128.0.0 + i*M + j, port 80,
 * direct routing, weight 1. */
#ifndef BENCH_NUMBERING_H
#define BENCH_NUMBERING_H

#include <arpa/inet.h>
#include <stdint.h>

enum { service_port = 80, initial_weight = 1, changed_weight = 7 };

/* Network byte order. */
static inline uint32_t service_address(unsigned service) { return htonl(0x0a400000U + service); }
static inline uint32_t server_address(unsigned service, unsigned server, unsigned servers_per_service)
{
	return htonl(0x0a800000U + service * servers_per_service + server);
}

/* The one real server whose weight is changed: in the middle of the table, the last of its service. */
static inline unsigned changed_service(unsigned services) { return services / 2; }
static inline unsigned changed_server(unsigned servers_per_service) { return servers_per_service - 1; }

#endif
