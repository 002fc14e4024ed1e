#include "samplefiles.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QSaveFile>
#include <QTimeZone>

#include <stdexcept>

namespace {

constexpr int lineCount = 2048;
constexpr int lineLength = 40; ///< bytes, with its end
constexpr qsizetype mostSizes = 16;

QByteArray sampleText()
{
    QByteArray text;
    text.reserve(lineCount * lineLength);
    for (int number = 1; number <= lineCount; ++number) {
        const QByteArray digits = QByteArray::number(number).rightJustified(4, '0');
        text += ("line " + digits + " of 2048, at byte " + QByteArray::number(text.size()))
                    .leftJustified(lineLength - 1, '.');
        text += '\n';
    }
    return text;
}

/// Makes a file that begins with \a text and has \a size bytes.
void make(const QString &path, const QByteArray &text, qint64 size)
{
    // The ETag is made of size and time of change: if what the files hold ever changes, change this as well.
    const QDateTime made(QDate(2026, 1, 1), QTime(0, 0), QTimeZone::utc());
    QSaveFile file(path); // there is no half of it if the disk is full
    const bool isMade = file.open(QIODevice::WriteOnly) && file.write(text) == text.size() && file.flush() &&
                        file.resize(size) && file.setFileTime(made, QFileDevice::FileModificationTime) && file.commit();
    if (!isMade)
        throw std::runtime_error("cannot make " + path.toStdString() + ": " + file.errorString().toStdString());
}

} // namespace

QString SampleFiles::text()
{
    const QString path = pathOf(QStringLiteral("sample.txt"));
    if (!QFileInfo::exists(path))
        make(path, sampleText(), lineCount * lineLength);
    return path;
}

QString SampleFiles::ofSize(qint64 size)
{
    const QString path = pathOf(size);
    if (!QFileInfo::exists(path))
        make(path, {}, size);
    m_sizes.removeOne(size);
    m_sizes.append(size);
    if (m_sizes.size() > mostSizes)
        QFile::remove(pathOf(m_sizes.takeFirst()));
    return path;
}

QString SampleFiles::pathOf(const QString &name)
{
    if (!m_folder || !QFileInfo::exists(m_folder->path()))
        m_folder.emplace(QDir::tempPath() + QStringLiteral("/quern-welcome-XXXXXX"));
    if (!m_folder->isValid())
        throw std::runtime_error("cannot make a folder for files to send: " + m_folder->errorString().toStdString());
    return m_folder->filePath(name);
}

QString SampleFiles::pathOf(qint64 size)
{
    return pathOf(QString::number(size) + QStringLiteral(".bin"));
}
