#include "fuzzsupport.h"

#include "sdk/src/request_p.h"

using namespace Quern;
using fuzz::fail;

/// The input is a query string. What the list of pairs says, the look-up of each name has to say too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto *request = new RequestPrivate;
    request->target = request->keep("/?" + QByteArray(reinterpret_cast<const char *>(data), qsizetype(size)));
    const Request handle(request);
    const NameValueList items = handle.queryItems();
    for (const auto &[name, value] : items) {
        // Bytes that are no UTF-8 do not come back as they were.
        if (name.contains(QChar::ReplacementCharacter))
            continue;
        const QStringList all = handle.queryAll(name.toUtf8());
        if (!all.contains(value))
            fail("a value is missing from all those of its name");
        if (handle.query(name.toUtf8()) != all.first())
            fail("the first value is another one");
    }
    return 0;
}
