#include "fuzzsupport.h"

#include "config/dotenv.h"

using namespace Quern;
using namespace Quern::config;
using fuzz::fail;

namespace {

QByteArray quoted(const QString &text)
{
    QByteArray out("\"");
    for (const char c : text.toUtf8()) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out.replace('\n', "\\n").replace('\r', "\\r") + '"';
}

} // namespace

/// The input is a .env file. What it sets is written anew and has to say the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArray bytes(reinterpret_cast<const char *>(data), qsizetype(size));
    const Result<QList<DotenvEntry>> entries = parseDotenv(bytes, QStringLiteral(".env"));
    if (!entries) {
        if (!entries.error().message().startsWith(u".env:"))
            fail("an error without a place", entries.error().message().toUtf8());
        return 0;
    }
    QByteArray written;
    int line = 0;
    for (const DotenvEntry &entry : *entries) {
        if (!isVariableName(entry.name) || entry.value.contains(QChar(0)))
            fail("what no variable can have", entry.name.toUtf8(), entry.value.toUtf8());
        if (entry.line <= line || entry.line > bytes.count('\n') + 1)
            fail("a line that is not there", bytes);
        for (; line < entry.line - 1; ++line)
            written += '\n';
        written += entry.name.toUtf8() + '=' + quoted(entry.value) + '\n';
        line = entry.line;
    }
    const Result<QList<DotenvEntry>> again = parseDotenv(written, QStringLiteral(".env"));
    if (!again || *again != *entries)
        fail("written anew it says something else", bytes, written);
    return 0;
}
