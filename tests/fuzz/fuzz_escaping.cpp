#include "fuzzsupport.h"

#include "protocol/http/accessrecord.h"
#include "protocol/http/errorpage.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <limits>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;
using Quern::fuzz::fail;

namespace {

/// Whether \a line ends with its only line end and holds \a quotes quotes and no other control character or byte beyond
/// ASCII.
bool isOneLine(const QByteArray &line, qsizetype quotes)
{
    const bool isVisible =
        std::all_of(line.begin(), line.end() - 1, [](char byte) { return byte >= 0x20 && byte < 0x7f; });
    return line.endsWith('\n') && isVisible && line.count('"') == quotes;
}

void checkErrorPages(QByteArrayView text)
{
    const ErrorBody page = errorBody({400, "text/html", text, text});
    if (!page.bytes.isValidUtf8() || page.bytes.count('<') != errorBody({400, "text/html", "a", "a"}).bytes.count('<'))
        fail("markup comes through", text, page.bytes);
    const ErrorBody object = errorBody({400, "application/json", text, text});
    const QJsonObject error = QJsonDocument::fromJson(object.bytes).object().value(u"error"_s).toObject();
    if (object.bytes.count('\n') != 1 || error.size() != 4)
        fail("JSON is broken", text, object.bytes);
    if (text.isValidUtf8() && error.value(u"detail"_s).toString() != QString::fromUtf8(text))
        fail("JSON says something else", text, object.bytes);
}

void checkAccessRecord(QByteArrayView text)
{
    AccessRecord record;
    record.clientAddress = record.peerAddress = record.method = record.target = text;
    record.referer = record.userAgent = record.host = record.requestId = text;
    record.bodyBytes = ~quint64(0);
    record.status = record.workerId = std::numeric_limits<int>::max();
    record.time = std::chrono::system_clock::time_point::max();
    record.duration = std::chrono::microseconds::min();
    QByteArray out;
    appendCommon(out, record);
    if (!isOneLine(out, 2))
        fail("a line is broken", text, out);
    out.clear();
    appendCombined(out, record);
    if (!isOneLine(out, 6))
        fail("a line is broken", text, out);
    out.clear();
    appendJson(out, record);
    const QJsonObject object = QJsonDocument::fromJson(out).object();
    if (out.count('\n') != 1 || object.size() != 15)
        fail("JSON is broken", text, out);
    if (text.isValidUtf8() && object.value(u"userAgent"_s).toString() != QString::fromUtf8(text))
        fail("JSON says something else", text, out);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView text(data, static_cast<qsizetype>(size));
    if (!text.isEmpty()) // of nothing nothing is told
        checkErrorPages(text);
    checkAccessRecord(text);
    return 0;
}
