#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <QTemporaryDir>

#include <optional>

/// Files to send, in a folder of this worker's own that goes with it. They are made when they are first asked for, and
/// again if something has tidied them away. Workers make them alike, times included, so that they have the same ETag
/// whichever worker answers. All throw std::runtime_error if a file cannot be written.
class SampleFiles
{
public:
    /// Absolute path of a text: 2048 numbered lines of 40 bytes.
    QString text();
    /// Absolute path of a file of \a size bytes, all zero, which take no room on the disk. The last 16 sizes are kept.
    QString ofSize(qint64 size);

private:
    QString pathOf(const QString &name);
    QString pathOf(qint64 size);

    std::optional<QTemporaryDir> m_folder;
    QList<qint64> m_sizes; ///< of the files made by ofSize(), the one asked for last at the end
};
