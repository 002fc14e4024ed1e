#include "app/server/templatewriter.h"

#include "base/systemerror.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>

#include <filesystem>
#include <system_error>

namespace Quern::app {

namespace {

Result<QString> filledIn(const QString &text, const TemplateWriter::Values &values)
{
    static const QRegularExpression placeholder(QStringLiteral("@([A-Z_]+)@"));
    QString result;
    qsizetype end = 0;
    QRegularExpressionMatchIterator matches = placeholder.globalMatch(text);
    while (matches.hasNext()) {
        const QRegularExpressionMatch match = matches.next();
        const auto value = values.constFind(match.captured(1));
        if (value == values.cend())
            return Error(Error::Internal,
                         QStringLiteral("a template names %1, which has no value").arg(match.captured()));
        result += QStringView(text).sliced(end, match.capturedStart() - end);
        result += *value;
        end = match.capturedEnd();
    }
    result += QStringView(text).sliced(end);
    return result;
}

/// "folder/dot-gitignore.in" → "folder/.gitignore"
QString targetOf(QString path)
{
    path.chop(3);
    const qsizetype name = path.lastIndexOf(u'/') + 1;
    if (QStringView(path).sliced(name).startsWith(u"dot-"))
        path.replace(name, 4, u'.');
    return path;
}

} // namespace

Result<void> TemplateWriter::write(const QString &name, const QString &folder, const Values &values,
                                   const QStringList &except)
{
    const QString root = QStringLiteral(":/templates/%1/").arg(name);
    QStringList sources;
    QDirIterator files(root, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext())
        sources.append(files.next().sliced(root.size()));
    if (sources.isEmpty())
        return Error(Error::Internal, QStringLiteral("there is no template %1").arg(name));
    sources.sort();
    for (const QString &source : std::as_const(sources)) {
        const Result<QString> path = filledIn(targetOf(source), values);
        if (!path)
            return path.error();
        if (except.contains(*path))
            continue;
        const QString place = folder.isEmpty() ? *path : folder + u'/' + *path;
        if (const Result<void> done = writeFile(root + source, place, values); !done)
            return done;
    }
    return {};
}

Result<void> TemplateWriter::writeFile(const QString &source, const QString &path, const Values &values)
{
    QFile in(source);
    if (!in.open(QIODevice::ReadOnly))
        return Error(Error::Internal, QStringLiteral("the template %1 cannot be read").arg(source));
    const Result<QString> text = filledIn(QString::fromUtf8(in.readAll()), values);
    if (!text)
        return text.error();

    const QString target = QDir(m_directory).filePath(path);
    const QFileInfo info(target);
    if (info.exists() || info.isSymLink()) {
        m_kept.append(path);
        return {};
    }
    const QString folder = info.path();
    std::error_code reason; // QDir::mkpath() does not tell the right one
    std::filesystem::create_directories(QFile::encodeName(folder).toStdString(), reason);
    if (reason) {
        if (QFileInfo::exists(folder))
            return Error(Error::Exists, tr("%1 is in the way: a folder is to be made there. Move it away, or choose "
                                           "another place.")
                                            .arg(folder));
        return Error(Error::Permission, tr("the folder %1 cannot be made: %2. Choose a place where you may write.")
                                            .arg(folder, qt_error_string(reason.value())));
    }
    // The values of .env are often secrets; the umask cuts the rest.
    constexpr auto owner = QFile::ReadOwner | QFile::WriteOwner;
    constexpr auto everybody = owner | QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
    const QFile::Permissions permissions = info.fileName() == u".env" ? owner : everybody;
    QFile out(target);
    const QByteArray bytes = text->toUtf8();
    if (!out.open(QIODevice::WriteOnly | QIODevice::NewOnly, permissions) || out.write(bytes) != bytes.size() ||
        !out.flush())
        return Error(
            Error::Io,
            tr("%1 cannot be written: %2. Choose a place where you may write.").arg(target, out.errorString()));
    m_written.append(path);
    return {};
}

} // namespace Quern::app
