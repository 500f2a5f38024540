/* bench_tables FORM N M [changed]: the table of numbering.h on stdout, as input for one of the sides.
 *   FORM     ipvsadm (for ipvsadm -R), keepalived, toml
 *   changed  one real server in the middle has another weight */
#include "numbering.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
	unsigned services, servers;
	bool changed;
};

struct text {
	char chars[INET_ADDRSTRLEN];
};

static struct text text_of(uint32_t address)
{
	struct text text;

	inet_ntop(AF_INET, &address, text.chars, sizeof text.chars);
	return text;
}

static struct text vip_of(unsigned service) { return text_of(service_address(service)); }
static struct text rip_of(const struct table *table, unsigned service, unsigned server)
{
	return text_of(server_address(service, server, table->servers));
}

static bool is_changed(const struct table *table, unsigned service, unsigned server)
{
	return table->changed && service == changed_service(table->services) && server == changed_server(table->servers);
}

static int weight_of(const struct table *table, unsigned service, unsigned server)
{
	return is_changed(table, service, server) ? changed_weight : initial_weight;
}

static void print_ipvsadm(const struct table *table, unsigned service)
{
	const struct text vip = vip_of(service);

	printf("-A -t %s:%d -s rr\n", vip.chars, service_port);
	for (unsigned j = 0; j < table->servers; j++)
		printf("-a -t %s:%d -r %s:%d -g -w %d\n", vip.chars, service_port, rip_of(table, service, j).chars,
		       service_port, weight_of(table, service, j));
}

static void print_keepalived(const struct table *table, unsigned service)
{
	printf("virtual_server %s %d {\n lvs_sched rr\n lvs_method DR\n protocol TCP\n", vip_of(service).chars, service_port);
	for (unsigned j = 0; j < table->servers; j++)
		printf(" real_server %s %d {\n  weight %d\n }\n", rip_of(table, service, j).chars, service_port,
		       weight_of(table, service, j));
	printf("}\n");
}

static void print_toml(const struct table *table, unsigned service)
{
	printf("[[service]]\nvip = \"%s\"\nport = %d\nscheduler = \"rr\"\nforward = \"direct\"\nreal_servers = [",
	       vip_of(service).chars, service_port);
	for (unsigned j = 0; j < table->servers; j++) {
		const struct text rip = rip_of(table, service, j);

		printf(j == 0 ? "" : ", ");
		if (is_changed(table, service, j))
			printf("{ address = \"%s:%d\", weight = %d }", rip.chars, service_port, changed_weight);
		else
			printf("\"%s:%d\"", rip.chars, service_port);
	}
	printf("]\n\n");
}

int main(int argc, char **argv)
{
	void (*print)(const struct table *, unsigned) = NULL;
	struct table table = {0, 0, argc == 5 && strcmp(argv[4], "changed") == 0};

	if (argc > 3) {
		print = strcmp(argv[1], "ipvsadm") == 0      ? print_ipvsadm
		        : strcmp(argv[1], "keepalived") == 0 ? print_keepalived
		        : strcmp(argv[1], "toml") == 0       ? print_toml
		                                             : NULL;
		table.services = (unsigned)atoi(argv[2]);
		table.servers = (unsigned)atoi(argv[3]);
	}
	if (print == NULL || table.services == 0 || table.servers == 0) {
		fprintf(stderr, "usage: bench_tables ipvsadm|keepalived|toml N M [changed]\n");
		return 2;
	}
	if (print == print_toml) printf("role = \"director\"\n\n");
	for (unsigned i = 0; i < table.services; i++) print(&table, i);
	return 0;
}
