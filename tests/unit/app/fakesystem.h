#pragma once

#include "app/host/machine.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>

/// Files that look like those of a kernel with two cores and plenty of everything; a test writes its own over them.
class FakeSystem
{
public:
    FakeSystem()
    {
        write(QStringLiteral("proc/self/limits"), limits("20000", "20000"));
        write(QStringLiteral("proc/self/status"), "Name:\tquern\nCapEff:\t0000000000000000\nCpus_allowed_list:\t0,3\n");
        write(QStringLiteral("proc/self/cgroup"), "0::/system.slice/quern.service\n");
        write(QStringLiteral("proc/meminfo"), "MemTotal: 9000000 kB\nMemAvailable:  8000000 kB\n");
        write(QStringLiteral("proc/sys/net/core/somaxconn"), "4096\n");
        write(QStringLiteral("proc/sys/net/ipv4/tcp_syncookies"), "1\n");
        write(QStringLiteral("proc/sys/net/ipv4/tcp_max_syn_backlog"), "128\n");
        write(QStringLiteral("proc/sys/net/ipv4/ip_unprivileged_port_start"), "1024\n");
        write(QStringLiteral("proc/sys/net/ipv4/ip_local_port_range"), "32768\t60999\n");
        write(QStringLiteral("proc/sys/net/ipv4/ip_local_reserved_ports"), "\n");
    }

    static QByteArray limits(const QByteArray &soft, const QByteArray &hard)
    {
        return "Limit                     Soft Limit           Hard Limit           Units\n"
               "Max core file size        0                    unlimited            bytes\n"
               "Max open files            " +
               soft + "      " + hard + "      files\n";
    }

    void write(const QString &name, const QByteArray &text) const
    {
        const QString path = m_folder.filePath(name);
        QDir().mkpath(QFileInfo(path).path());
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            qFatal("cannot write %s", qPrintable(path));
    }

    /// A socket of \a inode that the process \a pid has open.
    void openSocket(int pid, const QByteArray &program, const QByteArray &inode) const
    {
        const QString process = QStringLiteral("proc/%1").arg(pid);
        write(process + QStringLiteral("/comm"), program + '\n');
        const QString folder = m_folder.filePath(process + QStringLiteral("/fd"));
        QDir().mkpath(folder);
        if (!QFile::link(QStringLiteral("socket:[%1]").arg(QString::fromLatin1(inode)), folder + QStringLiteral("/7")))
            qFatal("cannot make a link in %s", qPrintable(folder));
    }

    Quern::app::SystemRoots roots() const
    {
        return {m_folder.filePath(QStringLiteral("proc")), m_folder.filePath(QStringLiteral("sys")),
                m_folder.filePath(QStringLiteral("zoneinfo"))};
    }

    QString path(const QString &name) const { return m_folder.filePath(name); }

private:
    QTemporaryDir m_folder;
};
