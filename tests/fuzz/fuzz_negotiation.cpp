#include "fuzzsupport.h"

#include "base/contentcoding.h"
#include "protocol/http/negotiation.h"

using namespace Quern::base;
using namespace Quern::protocol::http;
using Quern::fuzz::fail;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView value(data, static_cast<qsizetype>(size));
    const ContentCoding both = bestCoding(value, true);
    const ContentCoding gzip = bestCoding(value, false);
    if (gzip == ContentCoding::Brotli)
        fail("a coding that is not offered", value);
    if (both == ContentCoding::Gzip && gzip != ContentCoding::Gzip)
        fail("another offer makes a coding worse", value);
    if (both != ContentCoding::Identity && !isAccepted(value, both))
        fail("the best coding is not accepted", value);

    const int json = qualityOf(value, "application/json");
    const int html = qualityOf(value, "text/html;level=1");
    if (json < 0 || json > 1000 || html < 0 || html > 1000)
        fail("a quality out of its range", value);
    if (qualityOf("application/json", value) != 0 && qualityOf("application/json", value) != 1000)
        fail("a quality that nobody gave", value);
    if (json > qualityOf(value, "text/html") && !prefersJson(value))
        fail("JSON is liked better and not preferred", value);
    return 0;
}
