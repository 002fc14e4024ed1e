#include "fuzzsupport.h"

#include "sdk/src/request_p.h"

using namespace Quern;
using fuzz::fail;

/// The input is the value of a Cookie field. What the list says, the look-up of each name has to say too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto *request = new RequestPrivate;
    request->frame = QByteArray(reinterpret_cast<const char *>(data), qsizetype(size));
    request->headers.append({"Cookie", request->frame});
    const Request handle(request);
    const NameValueList cookies = handle.cookies();
    for (const auto &[name, value] : cookies) {
        if (name.isEmpty() || name.contains(u';') || name.contains(u'='))
            fail("a name that cannot be one");
        if (!name.contains(QChar::ReplacementCharacter) && handle.cookie(name.toUtf8()) != value)
            fail("the cookie has another value by its name");
    }
    return 0;
}
