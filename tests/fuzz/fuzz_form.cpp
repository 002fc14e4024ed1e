#include "fuzzsupport.h"

#include "sdk/src/request_p.h"

#include <Quern/uploadedfile.h>

using namespace Quern;
using fuzz::fail;

/// The input is a body: a form, and perhaps JSON. A form says the same as a query string of the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto *request = new RequestPrivate;
    request->bodyBytes = QByteArray(reinterpret_cast<const char *>(data), qsizetype(size));
    request->body = request->bodyBytes;
    request->headers.append({"Content-Type", "application/x-www-form-urlencoded"});
    request->target = request->keep("/?" + request->bodyBytes);
    const Request handle(request);
    if (handle.formItems() != handle.queryItems())
        fail("the form is not read like a query string");
    const NameValueList items = handle.formItems();
    for (const auto &[name, value] : items) {
        if (!name.contains(QChar::ReplacementCharacter) && !handle.formAll(name.toUtf8()).contains(value))
            fail("a value is missing from all those of its name");
    }
    const Result<QJsonValue> json = handle.json();
    if (!json && !json.error().message().startsWith(QStringLiteral("the body is not JSON")))
        fail("an error without a reason");

    BodyPart upload;
    upload.fileName = request->bodyBytes;
    upload.isFile = true;
    request->extra().parts = {upload};
    const QString name = handle.files().first().fileName();
    if (name.startsWith(u'.') || name.contains(u'/') || name.contains(u'\\') || name.contains(QChar(0)) ||
        name.toUtf8().size() > 255)
        fail("a file name is not safe", request->bodyBytes, name.toUtf8());
    return 0;
}
