#include "fuzzsupport.h"

#include "base/logrecord.h"

#include <QJsonDocument>
#include <QJsonObject>

using namespace Quern;
using fuzz::fail;

namespace {

bool isClean(QByteArrayView text)
{
    for (const char byte : text) {
        if ((uchar(byte) < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f)
            return false;
    }
    return QString::fromUtf8(text).toUtf8() == text;
}

} // namespace

/// The input is a line that a child printed. Whatever it holds, it is one message of that child, in each format.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView line(reinterpret_cast<const char *>(data), qsizetype(size));
    base::LogRecord record = base::parseChildLine(line);
    record.time = 1769860800123;
    record.role = "worker 2";
    record.pid = 42;
    if (!isClean(record.text) || !isClean(record.category))
        fail("not printable", record.text, record.category);

    const QByteArray text = base::textLines(record);
    for (const QByteArray &part : text.chopped(1).split('\n')) {
        const std::optional<base::LogRecord> read = base::parseLogLine(part);
        if (!read || read->role != record.role || read->level != record.level)
            fail("a line of another", text);
    }
    const QByteArray json = base::jsonLine(record);
    if (json.count('\n') != 1 || !json.endsWith('\n'))
        fail("more than a line", json);
    const std::optional<base::LogRecord> read = base::parseLogLine(json.chopped(1));
    if (!read || *read != record)
        fail("JSON says something else", json);
    const base::LogRecord again = base::parseChildLine(base::childLine(record).chopped(1));
    if (again.text != record.text || again.level != record.level)
        fail("a child's line says something else", record.text, again.text);
    return 0;
}
