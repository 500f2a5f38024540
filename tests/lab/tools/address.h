/* Makes a socket address from a numeric IPv4 or IPv6 address and a port. Returns its length, or 0 if the text is not
 * an address. (getaddrinfo() would bring the name service into a static program.) */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

static socklen_t numeric_address(const char *host, const char *port, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	*to = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((in_port_t)atoi(port));
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((in_port_t)atoi(port));
	return sizeof *v6;
}
