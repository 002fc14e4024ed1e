#include "config/suggestion.h"

#include <QTest>

using namespace Quern::config;

class tst_Suggestion : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nearest_data();
    void nearest();
};

void tst_Suggestion::nearest_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, const QString &word, const QString &expected) {
        QTest::newRow(name) << word << expected;
    };
    row("a letter wrong", QStringLiteral("worker_nun"), QStringLiteral("worker_num"));
    row("a letter too few", QStringLiteral("worke_num"), QStringLiteral("worker_num"));
    row("a letter too many", QStringLiteral("workers_num"), QStringLiteral("worker_num"));
    row("two letters swapped", QStringLiteral("lsiten"), QStringLiteral("listen"));
    row("upper case", QStringLiteral("WORKER_NUM"), QStringLiteral("worker_num"));
    row("another separator", QStringLiteral("worker-num"), QStringLiteral("worker_num"));
    row("a longer form", QStringLiteral("max_connection"), QStringLiteral("max_conn"));
    row("a shorter form", QStringLiteral("worker"), QStringLiteral("worker_num"));
    row("the nearest of several", QStringLiteral("reactor_nun"), QStringLiteral("reactor_num"));
    row("two letters of a short word", QStringLiteral("lixtem"), QStringLiteral("listen"));
    row("three letters of a short word", QStringLiteral("lixtxm"), QString());
    row("too short to be a shorter form", QStringLiteral("max"), QString());
    row("nothing alike", QStringLiteral("grindstone"), QString());
    row("no letters", QString(), QString());
    row("longer than any key", QStringLiteral("listen") + QString(10'000, u'a'), QString());
}

void tst_Suggestion::nearest()
{
    QFETCH(QString, word);
    QFETCH(QString, expected);
    const QStringList known = {QStringLiteral("listen"), QStringLiteral("worker_num"), QStringLiteral("reactor_num"),
                               QStringLiteral("max_conn"), QStringLiteral("dispatch_mode")};
    QCOMPARE(nearestWord(word, known), expected);
}

QTEST_GUILESS_MAIN(tst_Suggestion)
#include "tst_suggestion.moc"
