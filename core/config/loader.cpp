#include "config/loader.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"
#include "config/keytable.h"
#include "config/pluginreader.h"
#include "config/problems.h"
#include "config/suggestion.h"
#include "config/text.h"
#include "config/tomldocument.h"
#include "config/tomltext.h"
#include "config/units.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace Quern::config {

namespace {

Error cannotRead(const QString &path, int errorNumber)
{
    return base::systemError(Text::tr("%1: cannot be read").arg(path), errorNumber);
}

Result<QByteArray> readFile(const QString &path)
{
    const base::FileDescriptor file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC));
    if (!file.isValid())
        return cannotRead(path, errno);
    // One byte more tells a file that is too long, also where no size is known: pipes, /proc.
    QByteArray bytes(longestFile + 1, Qt::Uninitialized);
    qsizetype filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::read(file.get(), bytes.data() + filled, size_t(bytes.size() - filled));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EISDIR)
            return Error(Error::Invalid, Text::tr("%1: is a directory; name the settings file in it").arg(path));
        if (count < 0)
            return cannotRead(path, errno);
        if (count == 0) {
            bytes.truncate(filled);
            return bytes;
        }
        filled += count;
    }
    return Error(
        Error::TooLarge,
        Text::tr("%1: has more than %2 bytes; is it really a settings file?").arg(path, QString::number(longestFile)));
}

/// Reads one document into the settings.
class Loader
{
public:
    Loader(const QString &fileName, Settings &settings)
        : m_fileName(fileName)
        , m_settings(settings)
        , m_problems(fileName)
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
            readValue(key->rule, reading, m_settings.server);
            m_settings.origins.insert(QStringLiteral("server.") + entry.key,
                                      QStringLiteral("%1:%2").arg(m_fileName, QString::number(entry.line)));
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
    Problems m_problems;
    QMap<QString, int> m_lines; ///< of the keys that [server] sets
};

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

Result<Settings> load(const QString &path, Purpose purpose)
{
    const Result<QByteArray> bytes = readFile(path);
    if (!bytes)
        return bytes.error();
    const Result<TomlValue> document = parseToml(*bytes, path);
    if (!document)
        return document.error();
    const QFileInfo info(path);
    Settings settings = defaults(info.absolutePath());
    settings.filePath = QDir::cleanPath(info.absoluteFilePath());
    if (const Result<void> read = Loader(path, settings).read(*document, purpose); !read)
        return read.error();
    return settings;
}

} // namespace Quern::config
