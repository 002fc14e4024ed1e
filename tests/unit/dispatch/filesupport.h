#pragma once

#include "dispatch/filereply.h"
#include "protocol/http/headerblock.h"
#include "protocol/http/headparser.h"

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace FileTest {

/// Sun, 06 Nov 1994 08:49:37 GMT.
inline constexpr qint64 changed = 784111777;

/// Sets the time of \a path's content.
inline void setTime(const QString &path, qint64 seconds, long nanoseconds = 0)
{
    const timespec times[] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    QCOMPARE(::utimensat(AT_FDCWD, QFile::encodeName(path).constData(), times, 0), 0);
}

/// A folder with files in it, gone at the end.
class Folder
{
public:
    QString path(const QString &name = {}) const { return m_directory.filePath(name); }

    /// Writes a file, its folders as well, with a time of long ago.
    void add(const QString &name, const QByteArray &bytes, qint64 seconds = changed)
    {
        QVERIFY(QDir(path()).mkpath(QFileInfo(path(name)).path()));
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(bytes), bytes.size());
        file.close();
        setTime(path(name), seconds);
    }
    void link(const QString &name, const QByteArray &target)
    {
        QCOMPARE(::symlink(target.constData(), QFile::encodeName(path(name)).constData()), 0);
    }

private:
    QTemporaryDir m_directory;
};

/// A request head, also one with a path that no client gets through with.
class Asked
{
public:
    explicit Asked(const QByteArray &target, const QByteArray &fields = {}, const QByteArray &method = "GET")
        : m_bytes(method + ' ' + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
    {
        m_head.bytes = m_bytes;
        m_head.isHead = method == "HEAD";
        if (Quern::protocol::http::parseHead(m_head) != Quern::protocol::http::HeadParse::Done)
            qFatal("%s", m_bytes.constData());
    }
    const Quern::protocol::http::RequestHead &head() const { return m_head; }
    Quern::dispatch::FileConditions conditions() const { return Quern::dispatch::FileConditions::of(head()); }

private:
    QByteArray m_bytes;
    Quern::protocol::http::RequestHead m_head;
};

/// What a client would get as the body.
inline QByteArray bodyOf(const Quern::dispatch::FileReply &reply)
{
    QByteArray body;
    for (const Quern::dispatch::FilePiece &piece : reply.pieces) {
        QByteArray bytes(static_cast<qsizetype>(piece.length), '\0');
        const ssize_t count = ::pread(reply.file->get(), bytes.data(), piece.length, off_t(piece.offset));
        body += piece.before + bytes.first(qMax<ssize_t>(count, 0));
    }
    return body + reply.after;
}

inline QByteArray field(const Quern::dispatch::FileReply &reply, std::string_view lowerName)
{
    return Quern::protocol::http::fieldValue(reply.headerBlock, lowerName).toByteArray();
}

} // namespace FileTest
