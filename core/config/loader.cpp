#include "config/loader.h"

#include "config/addressuse.h"
#include "config/adminrules.h"
#include "config/cronreader.h"
#include "config/interpolation.h"
#include "config/keytable.h"
#include "config/listenercheck.h"
#include "config/pluginreader.h"
#include "config/portcheck.h"
#include "config/problems.h"
#include "config/processreader.h"
#include "config/readfile.h"
#include "config/salvage.h"
#include "config/secrets.h"
#include "config/socketreader.h"
#include "config/suggestion.h"
#include "config/tablereader.h"
#include "config/text.h"
#include "config/tlsrules.h"
#include "config/tomldocument.h"
#include "config/tomltext.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

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
            if (const KeyTable *table = findKeyTable(entry.key))
                readTable(entry, *table);
            else if (entry.key == u"plugin")
                readPlugins(entry.value, m_fileName, m_settings, m_problems);
            else if (entry.key == u"process")
                readProcesses(entry.value, m_fileName, m_settings, m_problems);
            else if (entry.key == u"cron")
                readCrons(entry.value, m_fileName, m_settings, m_problems);
            else if (entry.key == u"table")
                readTables(entry.value, m_fileName, m_settings, m_problems);
            else if (entry.key == u"atomic")
                readAtomics(entry.value, m_fileName, m_settings, m_problems);
            else if (entry.key != u"socket")
                refuseTopLevel(entry);
        }
        finishServer(document);
        // They begin with what [server] says, wherever it stands.
        if (const TomlValue *sockets = document.find(u"socket"))
            readSockets(*sockets, m_fileName, m_settings, m_listeners, m_problems);
        if (const TomlValue *server = document.find(u"server"))
            checkUseInServer(*server, m_settings, m_problems);
        if (const TomlValue *admin = document.find(u"admin"))
            m_listeners.add(QStringLiteral("admin.listen"), SocketType::Http,
                            writtenAdminAddresses(*admin, m_settings));
        m_listeners.tell(m_problems);
        const bool matters =
            purpose == Purpose::StartServer || m_problems.concern(QStringLiteral("server.runtime_dir"));
        if (!m_problems.isEmpty() && matters)
            return m_problems.toError();
        return {};
    }

private:
    void readTable(const TomlEntry &written, const KeyTable &table)
    {
        if (!written.value.isTable()) {
            m_problems.add(written.line, written.key,
                           Text::tr("must be a table, not %1; write [%2]").arg(written.value.shown(), written.key));
            return;
        }
        for (const TomlEntry &entry : written.value.entries) {
            const Key *key = table.find(entry.key);
            if (!key) {
                m_problems.addUnknownKey(entry.line, written.key + u'.' + tomlKey(entry.key), entry.key, table.names());
                continue;
            }
            const Reading reading{written.key, entry.key, entry.value, m_settings.directory, m_problems};
            const QString path = table.path(*key);
            // A variable in it could not be read: that has been told.
            if (!m_problems.concern(path))
                readValue(key->rule, reading, m_settings.server);
            m_settings.origins.insert(path, originText(m_fileName, entry));
            addSniOrigins(path, entry, m_fileName, m_settings.origins);
            if (holdsSecret(entry.value))
                m_settings.secrets.insert(path);
            if (table.name == "server"_L1)
                m_lines.insert(entry.key, entry.line);
        }
        if (table.name == "tasks"_L1)
            checkTasks(written);
        if (table.name == "admin"_L1)
            checkAdmin(written, m_settings, m_problems);
    }

    void checkTasks(const TomlEntry &written)
    {
        const auto longest = m_settings.server.taskRetryDelayMax;
        if (m_settings.server.taskRetryDelay <= longest)
            return;
        const TomlValue *delay = written.value.find(u"retry_delay");
        m_problems.add(delay ? delay->line : written.line, QStringLiteral("tasks.retry_delay"),
                       Text::tr("must be at most retry_delay_max, %1; write retry_delay = %1 or raise it")
                           .arg(secondsText(longest)));
    }

    void refuseTopLevel(const TomlEntry &entry)
    {
        const QString shown = tomlKey(entry.key);
        const bool isTable = entry.value.isTable() || entry.value.isArray();
        const auto tables = keyTables();
        const auto home = std::find_if(tables.begin(), tables.end(),
                                       [&entry](const KeyTable &table) { return table.find(entry.key) != nullptr; });
        if (!isTable && home != tables.end())
            m_problems.add(entry.line, shown, Text::tr("belongs into a table; write [%1] above it").arg(home->name));
        else if (!isTable)
            m_problems.addUnknownKey(entry.line, shown, entry.key, serverKeyNames());
        else
            refuseTable(entry, shown);
    }

    void refuseTable(const TomlEntry &entry, const QString &shown)
    {
        QStringList names = {QStringLiteral("socket"),  QStringLiteral("cron"),   QStringLiteral("table"),
                             QStringLiteral("process"), QStringLiteral("atomic"), QStringLiteral("plugin")};
        for (const KeyTable &table : keyTables())
            names.prepend(QString(table.name));
        const QString meant = nearestWord(entry.key, names);
        QString mend = Text::tr("remove it");
        if (findKeyTable(meant))
            mend = Text::tr("did you mean [%1]?").arg(meant);
        else if (!meant.isEmpty())
            mend = Text::tr("did you mean [[%1]]?").arg(meant);
        m_problems.add(entry.line, shown, Text::tr("unknown table; %1").arg(mend));
    }

    /// What can be told only once all of [server] is read.
    void finishServer(const TomlValue &document)
    {
        ServerSettings &server = m_settings.server;
        // A message of the length that is allowed must fit.
        if (!m_lines.contains(QStringLiteral("socket_buffer_size")))
            server.socketBufferSize = std::max(server.socketBufferSize, server.packageMaxLength);
        if (!m_lines.contains(QStringLiteral("max_request_grace")))
            server.maxRequestGrace = server.maxRequest / 2;
        if (!m_lines.contains(QStringLiteral("task_max_request_grace")))
            server.taskMaxRequestGrace = server.taskMaxRequest / 2;
        checkBounds(QStringLiteral("worker_max_num"), server.workerMaxNum, QStringLiteral("worker_num"),
                    server.workerNum);
        checkBounds(QStringLiteral("task_worker_max_num"), server.taskWorkerMaxNum, QStringLiteral("task_worker_num"),
                    server.taskWorkerNum);
        const TomlValue *table = document.find(u"server");
        const TomlValue *listen = table ? table->find(u"listen") : nullptr;
        QList<WrittenAddress> addresses;
        if (listen)
            addresses = writtenAddresses(*listen, m_settings.directory);
        else
            addresses = {{server.listen.constFirst(), 0, quotedToml(server.listen.constFirst().text)}};
        m_listeners.add(QStringLiteral("server.listen"), SocketType::Http, addresses);
        checkPort({QStringLiteral("server"), server, m_lines, addresses}, m_problems);
        checkStaticFiles();
        // Whoever is root leaves any group and any root folder.
        for (const QString &key : {QStringLiteral("group"), QStringLiteral("chroot")})
            checkHasUser(key, key == u"group" ? server.group : server.chroot);
    }

    void checkHasUser(const QString &key, const QString &value)
    {
        if (value.isEmpty() || !m_settings.server.user.isEmpty() || m_problems.concern(QStringLiteral("server.user")))
            return;
        m_problems.add(m_lines.value(key), QStringLiteral("server.") + key,
                       Text::tr("binds nobody who is root; write user = \"quern\" beside it"));
    }

    /// A pool may be as large as \a most, or as it is.
    void checkBounds(const QString &key, int most, const QString &leastKey, int least)
    {
        if (most != 0 && most < least) {
            m_problems.add(m_lines.value(key), QStringLiteral("server.") + key,
                           Text::tr("%1 is less than %2, %3; write %4 = %3 or more, or 0")
                               .arg(most)
                               .arg(leastKey)
                               .arg(least)
                               .arg(key));
        } else if (most != 0 && least == 0) {
            m_problems.add(
                m_lines.value(key), QStringLiteral("server.") + key,
                Text::tr("there must be one for the others to follow; write %1 = 1 beside it").arg(leastKey));
        }
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

    const QString &m_fileName;
    Settings &m_settings;
    Problems &m_problems;
    QMap<QString, int> m_lines; ///< of the keys that [server] sets
    ListenerCheck m_listeners;
};

/// Whether a variable decides which server is meant.
bool dependsOnVariable(const TomlValue &document)
{
    const TomlValue *server = document.find(u"server");
    const TomlValue *directory = server ? server->find(u"runtime_dir") : nullptr;
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
    for (const KeyTable &table : keyTables()) {
        for (const Key &key : table.keys)
            settings.origins.insert(table.path(key), QStringLiteral("default"));
    }
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
    return loadText(*bytes, path, options);
}

Result<Settings> loadText(const QByteArray &bytes, const QString &path, const LoadOptions &options)
{
    Environment environment;
    const Result<void> read = environment.readFiles(folderOf(path), options.environment);
    if (!read && options.purpose == Purpose::StartServer)
        return read.error();
    return parseSettings(bytes, path, environment, options.purpose);
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
