#include "fuzzsupport.h"

#include "config/loader.h"

using namespace Quern;
using namespace Quern::config;
using fuzz::fail;

namespace {

Environment environment()
{
    QProcessEnvironment process;
    process.insert(QStringLiteral("WORKERS"), QStringLiteral("4"));
    process.insert(QStringLiteral("TEXT"), QStringLiteral("${WORKERS} \" $$ \\"));
    process.insert(QStringLiteral("DB_PASSWORD"), QStringLiteral("sesame"));
    return Environment(process);
}

} // namespace

/// The input is a quern.toml.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Environment variables = environment();
    const QByteArray bytes(reinterpret_cast<const char *>(data), qsizetype(size));
    const QString path = QStringLiteral("/srv/quern.toml");
    const Result<Settings> settings = parseSettings(bytes, path, variables, Purpose::StartServer);
    const Result<Settings> found = parseSettings(bytes, path, variables, Purpose::FindServer);
    if (settings && (!found || found->server != settings->server))
        fail("settings that are right lead to another server", bytes);
    if (!settings && !settings.error().message().startsWith(path + u':'))
        fail("an error without a place", settings.error().message().toUtf8());
    return 0;
}
