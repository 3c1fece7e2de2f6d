// C-core at either end, as C++ has it: `server-cpp server`, or `server-cpp client KIND PORT INFLIGHT SIZE CONNECTIONS`.
//
// The folder that may follow either holds the certificate and the key for TLS.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "client.h"
#include "server.h"

int main(int count, char** words) {
    const std::string mode = count > 1 ? words[1] : "server";
    if (mode == "server") return serve(count > 3 ? words[3] : "");
    if (mode != "client" || count < 7) return std::fputs("server, or client and what to call\n", stderr), 1;
    const Work work{words[3], std::atoi(words[4]), static_cast<size_t>(std::atol(words[5])), std::atoi(words[6])};
    return call(work, count > 7 ? words[7] : "");
}
