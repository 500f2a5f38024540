/* vrrpsend [-t TTL] [-c pseudo|message|none] SOURCE DESTINATION HEX: send one VRRP message over IPv4, right or wrong.
 * HEX is the message. -c says how its checksum (octets 6 and 7) is made: with the pseudo-header (default), over the
 * message alone, or not at all. SOURCE is an address of this node. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { protocol = 112, longest = 2048 };

static uint32_t sum(const unsigned char *bytes, size_t size)
{
	uint32_t total = 0;

	for (size_t i = 0; i < size; ++i) total += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	return total;
}

static void put_checksum(unsigned char *message, size_t size, uint32_t total)
{
	message[6] = message[7] = 0;
	total += sum(message, size);
	while (total >> 16) total = (total & 0xffff) + (total >> 16);
	total = ~total & 0xffff;
	message[6] = (unsigned char)(total >> 8);
	message[7] = (unsigned char)total;
}

int main(int argc, char **argv)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
	unsigned char message[longest];
	const char *how = "pseudo", *hex;
	size_t size = 0;
	int ttl = 255, s, option, off = 0;

	while ((option = getopt(argc, argv, "t:c:")) != -1) {
		if (option == 't') ttl = atoi(optarg);
		else if (option == 'c') how = optarg;
		else return 2;
	}
	if (argc - optind != 3 || inet_pton(AF_INET, argv[optind], &from.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[optind + 1], &to.sin_addr) != 1) {
		fputs("usage: vrrpsend [-t TTL] [-c pseudo|message|none] SOURCE DESTINATION HEX\n", stderr);
		return 2;
	}
	for (hex = argv[optind + 2]; size < longest && sscanf(hex, "%2hhx", &message[size]) == 1; hex += 2) ++size;
	if (size >= 8 && strcmp(how, "none") != 0) {
		uint32_t pseudo = sum((unsigned char *)&from.sin_addr, 4) + sum((unsigned char *)&to.sin_addr, 4) +
				  protocol + (uint32_t)size;
		put_checksum(message, size, strcmp(how, "pseudo") == 0 ? pseudo : 0);
	}
	s = socket(AF_INET, SOCK_RAW, protocol);
	if (s < 0 || bind(s, (struct sockaddr *)&from, sizeof from) != 0 ||
	    setsockopt(s, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl) != 0 ||
	    setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) != 0 ||
	    setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &from.sin_addr, sizeof from.sin_addr) != 0 ||
	    setsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof off) != 0 ||
	    sendto(s, message, size, 0, (struct sockaddr *)&to, sizeof to) != (ssize_t)size) {
		perror("vrrpsend");
		return 1;
	}
	return 0;
}
