#include "config/loader.h"

#include "config/interpolation.h"
#include "config/keytable.h"
#include "config/pluginreader.h"
#include "config/problems.h"
#include "config/readfile.h"
#include "config/salvage.h"
#include "config/secrets.h"
#include "config/suggestion.h"
#include "config/text.h"
#include "config/tomldocument.h"
#include "config/tomltext.h"
#include "config/units.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace Quern::config {

namespace {

/// Reads one document into the settings.
class Loader
{
public:
    Loader(const QString &fileName, Settings &settings, Problems &problems)
        : m_fileName(fileName)
        , m_settings(settings)
        , m_problems(problems)
    {
    }

    Result<void> read(const TomlValue &document, Purpose purpose)
    {
        for (const TomlEntry &entry : document.entries) {
            if (entry.key == u"server")
                readServer(entry);
            else if (entry.key == u"plugin")
                readPlugins(entry.value, m_fileName, m_settings, m_problems);
            else
                refuseTopLevel(entry);
        }
        checkHeadHoldsUri();
        checkStaticFiles();
        const bool matters =
            purpose == Purpose::StartServer || m_problems.concern(QStringLiteral("server.runtime_dir"));
        if (!m_problems.isEmpty() && matters)
            return m_problems.toError();
        return {};
    }

private:
    void readServer(const TomlEntry &server)
    {
        if (!server.value.isTable()) {
            m_problems.add(server.line, server.key,
                           Text::tr("must be a table, not %1; write [server]").arg(server.value.shown()));
            return;
        }
        for (const TomlEntry &entry : server.value.entries) {
            const Key *key = findServerKey(entry.key);
            if (!key) {
                m_problems.addUnknownKey(entry.line, QStringLiteral("server.") + tomlKey(entry.key), entry.key,
                                         serverKeyNames());
                continue;
            }
            const Reading reading{server.key, entry.key, entry.value, m_settings.directory, m_problems};
            const QString path = QStringLiteral("server.") + entry.key;
            // A variable in it could not be read: that has been told.
            if (!m_problems.concern(path))
                readValue(key->rule, reading, m_settings.server);
            m_settings.origins.insert(path, originText(m_fileName, entry));
            for (const UsedVariable &variable : entry.value.allVariables()) {
                if (isSecretName(variable.name))
                    m_settings.secrets.insert(path);
            }
            const QVariant value = entry.value.toVariant();
            if (masked(value, path, {}) != value)
                m_settings.secrets.insert(path);
            m_lines.insert(entry.key, entry.line);
        }
    }

    void refuseTopLevel(const TomlEntry &entry)
    {
        const QString shown = tomlKey(entry.key);
        const bool isTable = entry.value.isTable() || entry.value.isArray();
        if (!isTable && findServerKey(entry.key))
            m_problems.add(entry.line, shown, Text::tr("belongs into a table; write [server] above it"));
        else if (!isTable)
            m_problems.addUnknownKey(entry.line, shown, entry.key, serverKeyNames());
        else
            refuseTable(entry, shown);
    }

    void refuseTable(const TomlEntry &entry, const QString &shown)
    {
        const QString meant = nearestWord(entry.key, {QStringLiteral("server"), QStringLiteral("plugin")});
        QString mend = Text::tr("remove it");
        if (meant == u"server")
            mend = Text::tr("did you mean [server]?");
        else if (meant == u"plugin")
            mend = Text::tr("did you mean [[plugin]]?");
        m_problems.add(entry.line, shown, Text::tr("unknown table; %1").arg(mend));
    }

    void checkStaticFiles()
    {
        const QString handle = QStringLiteral("handle_static");
        const ServerSettings &server = m_settings.server;
        if (!server.handleStatic || !server.documentRoot.isEmpty() ||
            m_problems.concern(QStringLiteral("server.document_root"))) {
            return;
        }
        m_problems.add(m_lines.value(handle), QStringLiteral("server.") + handle,
                       Text::tr("needs a directory to serve; write document_root = \"public\" beside it"));
    }

    void checkHeadHoldsUri()
    {
        const QString head = QStringLiteral("http_head_max_length");
        const QString uri = QStringLiteral("http_uri_max_length");
        const ServerSettings &server = m_settings.server;
        if (server.httpUriMaxLength <= server.httpHeadMaxLength ||
            m_problems.concern(QStringLiteral("server.") + head) ||
            m_problems.concern(QStringLiteral("server.") + uri)) {
            return;
        }
        // Told at the line that was written last: one of the two may be a default.
        const bool atUri = m_lines.value(uri) > m_lines.value(head);
        const QString &key = atUri ? uri : head;
        m_problems.add(m_lines.value(key), QStringLiteral("server.") + key,
                       Text::tr("%1 of %2 cannot be reached within %3 of %4; write %1 = %4 or less")
                           .arg(uri, sizeText(server.httpUriMaxLength), head, sizeText(server.httpHeadMaxLength)));
    }

    const QString &m_fileName;
    Settings &m_settings;
    Problems &m_problems;
    QMap<QString, int> m_lines; ///< of the keys that [server] sets
};

const TomlValue *find(const TomlValue &table, QStringView key)
{
    const auto it = std::find_if(table.entries.begin(), table.entries.end(),
                                 [key](const TomlEntry &entry) { return entry.key == key; });
    return it == table.entries.end() ? nullptr : &it->value;
}

/// Whether a variable decides which server is meant.
bool dependsOnVariable(const TomlValue &document)
{
    const TomlValue *server = find(document, u"server");
    const TomlValue *directory = server ? find(*server, u"runtime_dir") : nullptr;
    return directory && directory->scalar.toString().contains(u"${");
}

/// The folder of the settings file as people gave it; empty for the working directory.
QString folderOf(const QString &path)
{
    const qsizetype slash = path.lastIndexOf(u'/');
    return slash == 0 ? QStringLiteral("/") : path.left(std::max<qsizetype>(slash, 0));
}

void addEnvironment(const Environment &environment, Settings &settings)
{
    settings.environmentFiles = environment.files();
    settings.environment = environment.fromFiles();
}

} // namespace

Settings defaults(const QString &directory)
{
    Settings settings;
    settings.directory = QDir::cleanPath(QDir(directory).absolutePath());
    settings.server.runtimeDir = QDir(settings.directory).absoluteFilePath(settings.server.runtimeDir);
    settings.plugins = {PluginSettings{QStringLiteral("welcome"), {}, true, {}}};
    for (const Key &key : serverKeys())
        settings.origins.insert(QStringLiteral("server.") + key.name, QStringLiteral("default"));
    return settings;
}

Result<Settings> loadDefaults(const QString &directory, const LoadOptions &options)
{
    Environment environment;
    const bool isWorking = QDir(directory) == QDir::current();
    const Result<void> read = environment.readFiles(isWorking ? QString() : directory, options.environment);
    if (!read && options.purpose == Purpose::StartServer)
        return read.error();
    Settings settings = defaults(directory);
    addEnvironment(environment, settings);
    return settings;
}

Result<Settings> load(const QString &path, const LoadOptions &options)
{
    const Result<QByteArray> bytes = readFile(path, longestFile);
    if (!bytes)
        return bytes.error();
    Environment environment;
    const Result<void> read = environment.readFiles(folderOf(path), options.environment);
    if (!read && options.purpose == Purpose::StartServer)
        return read.error();
    return parseSettings(*bytes, path, environment, options.purpose);
}

Result<Settings> parseSettings(const QByteArray &bytes, const QString &path, const Environment &environment,
                               Purpose purpose)
{
    Result<TomlValue> document = parseToml(bytes, path);
    if (!document && purpose == Purpose::FindServer) {
        if (const auto salvaged = salvageRuntimeDirectory(bytes))
            document = *salvaged;
    }
    if (!document)
        return document.error();
    if (environment.failure() && dependsOnVariable(*document))
        return *environment.failure();
    Problems problems(path);
    interpolate(*document, environment, problems);
    const QFileInfo info(path);
    Settings settings = defaults(info.absolutePath());
    settings.filePath = QDir::cleanPath(info.absoluteFilePath());
    addEnvironment(environment, settings);
    if (const Result<void> read = Loader(path, settings, problems).read(*document, purpose); !read)
        return read.error();
    return settings;
}

} // namespace Quern::config
