#include "net/openssl.h"

#include <openssl/err.h>

namespace Quern::net {

QString takeOpenSslError()
{
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char *reason = ERR_reason_error_string(code);
    return reason ? QString::fromLatin1(reason) : QStringLiteral("unknown reason");
}

} // namespace Quern::net
