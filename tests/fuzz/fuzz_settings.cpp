#include "fuzzsupport.h"

#include "config/describe.h"
#include "config/effective.h"
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

/// One value a plugin, as text: it compares where a number that is none does not.
QStringList shown(const Settings &settings)
{
    QStringList texts;
    for (const SettingInfo &info : describe(settings, Secrets::Shown))
        texts += info.key + info.value;
    return texts;
}

void checkEffective(const Settings &settings)
{
    const QByteArray whole = effectiveToml(settings, Secrets::Shown);
    const Result<Settings> again =
        parseSettings(whole, settings.filePath, Environment(QProcessEnvironment()), Purpose::StartServer);
    if (!again || shown(*again) != shown(settings) || again->defaultPlugin != settings.defaultPlugin)
        fail("the effective file says something else", whole, again ? "" : again.error().message().toUtf8());
    const QByteArray masked = effectiveToml(settings);
    if (!parseSettings(masked, settings.filePath, Environment(QProcessEnvironment()), Purpose::FindServer))
        fail("the masked file cannot be read", masked);
}

} // namespace

/// The input is a quern.toml. Its settings are written anew, and have to be the same.
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
    if (settings)
        checkEffective(*settings);
    return 0;
}
