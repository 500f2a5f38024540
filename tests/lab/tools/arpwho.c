/* arpwho INTERFACE ADDRESS [MILLISECONDS]: send one broadcast ARP request, and print the MAC of each host that
 * answers within that time (default 150), one per line, in the order of arrival. Status 1: no host answered.
 * arping stops at the first answer or waits whole seconds, but the lab must see all answers. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The source address that the kernel itself would use: with arp_ignore=2 it decides which hosts answer. */
static struct in_addr own_address(const char *interface)
{
	struct ifreq request = {0};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(s, SIOCGIFADDR, &request) != 0) perror(interface);
	close(s);
	return ((struct sockaddr_in *)&request.ifr_addr)->sin_addr;
}

static int ask(int s, const char *interface, struct in_addr target)
{
	struct ether_arp arp = {0};
	struct in_addr own = own_address(interface);
	struct ifreq request = {0};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_halen = ETH_ALEN};

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(s, SIOCGIFHWADDR, &request) != 0) return -1;
	to.sll_ifindex = (int)if_nametoindex(interface);
	memset(to.sll_addr, 0xff, ETH_ALEN);
	if (bind(s, (struct sockaddr *)&to, sizeof to) != 0) return -1;
	arp.arp_hrd = htons(ARPHRD_ETHER);
	arp.arp_pro = htons(ETH_P_IP);
	arp.arp_hln = ETH_ALEN;
	arp.arp_pln = sizeof own;
	arp.arp_op = htons(ARPOP_REQUEST);
	memcpy(arp.arp_sha, request.ifr_hwaddr.sa_data, ETH_ALEN);
	memcpy(arp.arp_spa, &own, sizeof own);
	memcpy(arp.arp_tpa, &target, sizeof target);
	return sendto(s, &arp, sizeof arp, 0, (struct sockaddr *)&to, sizeof to) == sizeof arp ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct in_addr target;
	double end = now_ms() + (argc > 3 ? atof(argv[3]) : 150);
	int s = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP)), answers = 0;
	struct pollfd ready = {.fd = s, .events = POLLIN};

	if (argc < 3 || inet_pton(AF_INET, argv[2], &target) != 1 || ask(s, argv[1], target) != 0) {
		perror("arpwho INTERFACE ADDRESS [MILLISECONDS]");
		return 2;
	}
	for (double left; (left = end - now_ms()) > 0;) {
		struct ether_arp arp;
		if (poll(&ready, 1, (int)left + 1) <= 0 || recv(s, &arp, sizeof arp, 0) != sizeof arp) continue;
		if (arp.arp_op != htons(ARPOP_REPLY) || memcmp(arp.arp_spa, &target, sizeof target) != 0) continue;
		for (int i = 0; i < ETH_ALEN; i++) printf("%02x%c", arp.arp_sha[i], i == ETH_ALEN - 1 ? '\n' : ':');
		answers++;
	}
	return answers == 0;
}
