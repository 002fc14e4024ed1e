#include "app/host/runtimedirectory.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace Quern;

class TestRuntimeDirectory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void isMadeForItsUserAlone();
    void isTakenAgain();
    void openToOthers();
    void file();
    void impossible();

private:
    QString error() const
    {
        const Result<void> prepared = app::prepareRuntimeDirectory(m_path);
        return prepared ? QString() : prepared.error().message();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_path;
};

void TestRuntimeDirectory::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = m_folder->filePath(QStringLiteral("a/b/run"));
}

void TestRuntimeDirectory::isMadeForItsUserAlone()
{
    QCOMPARE(error(), QString());
    const QFile::Permissions others =
        QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther | QFile::WriteOther | QFile::ExeOther;
    QVERIFY(QFileInfo(m_path).isDir());
    QVERIFY(!(QFileInfo(m_path).permissions() & others));
}

void TestRuntimeDirectory::isTakenAgain()
{
    QCOMPARE(error(), QString());
    QCOMPARE(error(), QString());
}

void TestRuntimeDirectory::openToOthers()
{
    // Named by mistake, perhaps: it is left as it is.
    m_path = m_folder->path();
    QVERIFY(QFile::setPermissions(m_path, QFile::permissions(m_path) | QFile::ReadGroup | QFile::ExeGroup));
    const QFile::Permissions before = QFile::permissions(m_path);
    QVERIFY2(error().contains(m_path) && error().contains(u"chmod 700"), qPrintable(error()));
    QCOMPARE(QFile::permissions(m_path), before);
}

void TestRuntimeDirectory::file()
{
    m_path = m_folder->filePath(QStringLiteral("file"));
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    const QFile::Permissions before = file.permissions();
    QVERIFY2(error().contains(m_path) && error().contains(u"no directory"), qPrintable(error()));
    QCOMPARE(file.permissions(), before);
}

void TestRuntimeDirectory::impossible()
{
    m_path = QStringLiteral("/proc/quern/run");
    QVERIFY2(error().contains(m_path), qPrintable(error()));
}

QTEST_GUILESS_MAIN(TestRuntimeDirectory)
#include "tst_runtimedirectory.moc"
