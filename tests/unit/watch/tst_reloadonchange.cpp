#include "watch/reloadonchange.h"

#include "epolltestmain.h"

#include <QFile>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <optional>
#include <tuple>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;
using watch::ReloadOnChange;

namespace {

constexpr int patience = 20000;

} // namespace

/// When the server reloads by itself.
class TestReloadOnChange : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void reasons_data();
    void reasons();
    void offByDefault();
    void reloads();
    void onceMoreAfterTheOneUnderWay();
    void anErrorWaitsForTheNextChange();
    void whatReloadsChangeThemselves_data();
    void whatReloadsChangeThemselves();
    void manyChangesDuringOneReload();
    void setAtRunTime();
    void theEnd();

private:
    QString path(const QString &name) const { return m_folder->path() + u'/' + name; }
    void write(const QString &name) const;
    /// Whether it has reloaded since. It is watched when the thread has come so far: until then a change is not
    /// noticed.
    bool changeUntilAsked(const QString &name);
    void follow(bool wanted) { m_reloads->follow(wanted, {{}, {m_folder->path()}, {}}, m_folder->path()); }

    std::unique_ptr<QTemporaryDir> m_folder;
    QStringList m_asked; ///< the reasons
    std::optional<Error> m_error;
    std::unique_ptr<ReloadOnChange> m_reloads;
};

void TestReloadOnChange::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    m_asked.clear();
    m_error.reset();
    m_reloads = std::make_unique<ReloadOnChange>([this](const QString &reason) -> Result<void> {
        m_asked.append(reason);
        return m_error ? Result<void>(*m_error) : Result<void>();
    });
}

void TestReloadOnChange::cleanup()
{
    m_reloads.reset();
    m_folder.reset();
}

void TestReloadOnChange::write(const QString &name) const
{
    QFile file(path(name));
    QVERIFY(file.open(QIODevice::Append));
    QCOMPARE(file.write("x"), 1);
}

bool TestReloadOnChange::changeUntilAsked(const QString &name)
{
    const QDeadlineTimer deadline(patience);
    while (m_asked.isEmpty() && !deadline.hasExpired()) {
        write(name);
        std::ignore = QTest::qWaitFor([this] { return !m_asked.isEmpty(); }, patience / 10);
    }
    return !m_asked.isEmpty();
}

void TestReloadOnChange::reasons_data()
{
    QTest::addColumn<QStringList>("files");
    QTest::addColumn<QString>("reason");
    const auto files = [](int count) {
        QStringList list;
        for (int i = 1; i <= count; ++i)
            list.append(u"/srv/shop/%1.so"_s.arg(i));
        return list;
    };
    QTest::newRow("one") << files(1) << u"1.so has changed"_s;
    QTest::newRow("two") << files(2) << u"1.so and 2.so have changed"_s;
    QTest::newRow("as many as have names") << files(5) << u"1.so, 2.so, 3.so, 4.so and 5.so have changed"_s;
    QTest::newRow("one more") << files(6) << u"1.so, 2.so, 3.so, 4.so, 5.so and 1 more have changed"_s;
    QTest::newRow("elsewhere") << QStringList{u"/srv/shopping/a"_s} << u"/srv/shopping/a has changed"_s;
}

void TestReloadOnChange::reasons()
{
    QFETCH(QStringList, files);
    QTEST(ReloadOnChange::reasonOf(files, u"/srv/shop"_s), "reason");
}

void TestReloadOnChange::offByDefault()
{
    QVERIFY(!m_reloads->isOn());
    m_reloads->set(true); // before there are settings
    QVERIFY(!m_reloads->isOn());
    follow(false);
    QVERIFY(m_reloads->isOn());
}

void TestReloadOnChange::reloads()
{
    follow(true);
    QVERIFY(m_reloads->isOn());
    QVERIFY(changeUntilAsked(u"page"_s));
    QCOMPARE(m_asked.first(), u"page has changed"_s);
}

void TestReloadOnChange::onceMoreAfterTheOneUnderWay()
{
    m_error = Error(Error::Busy, u"a reload is under way"_s);
    follow(true);
    QVERIFY(changeUntilAsked(u"page"_s));
    write(u"other"_s);
    const QString both = u"page and other have changed"_s;
    QTRY_COMPARE_WITH_TIMEOUT(m_asked.last(), both, patience);
    m_asked.clear();
    m_error.reset();
    m_reloads->reloadEnded();
    QTRY_COMPARE_WITH_TIMEOUT(m_asked, QStringList{both}, patience);
    // That was it.
    m_reloads->reloadEnded();
    QCoreApplication::processEvents();
    QCOMPARE(m_asked.size(), 1);
}

void TestReloadOnChange::anErrorWaitsForTheNextChange()
{
    m_error = Error(Error::Invalid, u"quern.toml:7: no"_s);
    follow(true);
    QVERIFY(changeUntilAsked(u"page"_s));
    m_reloads->reloadEnded();
    QCoreApplication::processEvents();
    QCOMPARE(m_asked.size(), 1);
    write(u"other"_s);
    QTRY_COMPARE_WITH_TIMEOUT(m_asked.last(), u"other has changed"_s, patience);
}

void TestReloadOnChange::whatReloadsChangeThemselves_data()
{
    QTest::addColumn<QStringList>("written");
    QTest::newRow("one file") << QStringList{u"journal"_s};
    QTest::newRow("each time another of two") << QStringList{u"base"_s, u"base-wal"_s};
}

void TestReloadOnChange::whatReloadsChangeThemselves()
{
    QFETCH(QStringList, written);
    static QStringList warnings;
    warnings.clear();
    const QtMessageHandler before =
        qInstallMessageHandler([](QtMsgType type, const QMessageLogContext &, const QString &text) {
            if (type == QtWarningMsg)
                warnings.append(text);
        });
    const auto restore = qScopeGuard([before] { qInstallMessageHandler(before); });
    // As with a plugin that writes when it is loaded.
    m_reloads = std::make_unique<ReloadOnChange>(
        [this, written](const QString &reason) -> Result<void> {
            m_asked.append(reason);
            write(written.at(m_asked.size() % written.size()));
            QMetaObject::invokeMethod(m_reloads.get(), &ReloadOnChange::reloadEnded, Qt::QueuedConnection);
            return {};
        },
        ReloadOnChange::Brake{.echo = 3s, .echoes = 3, .least = 1h, .most = 1h});
    follow(true);
    QVERIFY(changeUntilAsked(written.first()));
    QTRY_COMPARE_WITH_TIMEOUT(warnings.size(), 1, patience);
    QVERIFY2(
        warnings.first().contains(
            u" has changed while the server reloaded because of a change, or right after: so it has been 3 times "_s),
        qPrintable(warnings.first()));
    // What changes later does not wait, and brings along what does.
    const qsizetype asked = m_asked.size();
    const QDeadlineTimer deadline(patience);
    for (int i = 0; m_asked.size() == asked && !deadline.hasExpired(); ++i) {
        write(u"page%1"_s.arg(i));
        std::ignore = QTest::qWaitFor([&] { return m_asked.size() > asked; }, 2000);
    }
    QVERIFY(m_asked.size() > asked);
    QVERIFY2(m_asked.at(asked).contains(u"page"_s) && m_asked.at(asked).contains(written.first()),
             qPrintable(m_asked.at(asked)));
    // It goes on where it was, and the warning does not come again.
    QCOMPARE(warnings.size(), 1);
}

void TestReloadOnChange::manyChangesDuringOneReload()
{
    // One that goes on for a while: others drain.
    bool isReloading = false;
    m_reloads = std::make_unique<ReloadOnChange>(
        [this, &isReloading](const QString &reason) -> Result<void> {
            if (isReloading)
                return Error(Error::Busy, u"a reload is under way"_s);
            isReloading = true;
            m_asked.append(reason);
            return {};
        },
        ReloadOnChange::Brake{.echo = 1h, .echoes = 2, .least = 1h, .most = 1h});
    follow(true);
    QVERIFY(changeUntilAsked(u"page"_s));
    QTest::failOnWarning(QRegularExpression(u".*"_s));
    for (int i = 0; i < 3; ++i) {
        write(u"page"_s);
        std::ignore = QTest::qWaitFor([] { return false; }, 700); // longer than what makes a burst
    }
    isReloading = false;
    m_reloads->reloadEnded();
    QTRY_COMPARE_WITH_TIMEOUT(m_asked.size(), 2, patience);
}

void TestReloadOnChange::setAtRunTime()
{
    follow(false);
    QVERIFY(!m_reloads->isOn());
    m_reloads->set(true);
    QVERIFY(m_reloads->isOn());
    // The settings say what they said: somebody has set it since.
    follow(false);
    QVERIFY(m_reloads->isOn());
    // Now they say something new, and then what they said.
    follow(true);
    QVERIFY(m_reloads->isOn());
    follow(false);
    QVERIFY(!m_reloads->isOn());
    follow(true);
    m_reloads->set(false);
    QVERIFY(!m_reloads->isOn());
    follow(true);
    QVERIFY(!m_reloads->isOn());
}

void TestReloadOnChange::theEnd()
{
    follow(true);
    m_reloads->end();
    QVERIFY(!m_reloads->isOn());
    follow(true);
    m_reloads->set(true);
    QVERIFY(!m_reloads->isOn());
}

QUERN_EPOLL_TEST_MAIN(TestReloadOnChange)
#include "tst_reloadonchange.moc"
