#include "admin-gui/models/servertext.h"

#include <QCoreApplication>
#include <QTest>
#include <QTranslator>

using Quern::console::serverText;

namespace {

/// Speaks in capitals, and turns the places round.
class Capitals final : public QTranslator
{
public:
    QString translate(const char *, const char *source, const char *, int) const override
    {
        QString text = QString::fromUtf8(source).toUpper();
        if (text.contains(QStringLiteral("%2")))
            text.replace(QStringLiteral("%1"), QStringLiteral("%0"))
                .replace(QStringLiteral("%2"), QStringLiteral("%1"))
                .replace(QStringLiteral("%0"), QStringLiteral("%2"));
        return text;
    }
    bool isEmpty() const override { return false; }
};

} // namespace

class tst_servertext : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void staysAsItIsInEnglish();
    void speaksTheOtherLanguage_data();
    void speaksTheOtherLanguage();
};

void tst_servertext::staysAsItIsInEnglish()
{
    for (const QString &text :
         {QStringLiteral("All is well: 2 of 2 workers are ready."),
          QStringLiteral("1 of 2 workers are ready; timer is not running."), QStringLiteral("starting generation 3"),
          QStringLiteral("something else entirely"), QString()})
        QCOMPARE(serverText(text), text);
}

void tst_servertext::speaksTheOtherLanguage_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("translated");
    QTest::newRow("health") << "All is well: 1 of 2 workers are ready."
                            << "ALL IS WELL: 2 OF 1 WORKERS ARE READY.";
    QTest::newRow("several parts") << "1 of 2 workers are ready; timer is not running."
                                   << "2 OF 1 WORKERS ARE READY; timer IS NOT RUNNING.";
    QTest::newRow("a step") << "worker 1 of generation 2 is ready (pid 77)"
                            << "2 OF GENERATION worker 1 IS READY (PID %3)";
    QTest::newRow("requests that failed") << "2 of 2 workers are ready; 1 request has failed in the last 16 s."
                                          << "2 OF 2 WORKERS ARE READY; 1 REQUEST HAS FAILED IN THE LAST 16 S.";
    QTest::newRow("places in a name") << "%2 of generation 7 is ready (pid 77)"
                                      << "7 OF GENERATION %2 IS READY (PID %3)";
    QTest::newRow("a failed reload") << "2 of 2 workers are ready; the last reload failed."
                                     << "2 OF 2 WORKERS ARE READY; THE LAST RELOAD FAILED.";
    QTest::newRow("a step of a restart") << "the new server starts (pid 77)"
                                         << "THE NEW SERVER STARTS (PID 77)";
    QTest::newRow("a reason") << "quern.toml and libshop.so have changed"
                              << "quern.toml and libshop.so HAVE CHANGED";
    QTest::newRow("one part is not known") << "1 of 2 workers are ready; it rains."
                                           << "1 of 2 workers are ready; it rains.";
    QTest::newRow("unknown") << "the plugin shop cannot be loaded"
                             << "the plugin shop cannot be loaded";
}

void tst_servertext::speaksTheOtherLanguage()
{
    QFETCH(QString, text);
    QFETCH(QString, translated);
    Capitals capitals;
    QCoreApplication::installTranslator(&capitals);
    const QString spoken = serverText(text);
    QCoreApplication::removeTranslator(&capitals);
    QCOMPARE(spoken, translated.replace(QStringLiteral("%3"), QStringLiteral("77")));
}

QTEST_MAIN(tst_servertext)
#include "tst_servertext.moc"
