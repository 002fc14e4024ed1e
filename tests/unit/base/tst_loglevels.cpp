#include "base/loglevels.h"

#include <QDirIterator>
#include <QLoggingCategory>
#include <QRegularExpression>
#include <QTest>

using namespace Quern;
using base::LogLevel;
using base::LogLevels;
using namespace Qt::Literals::StringLiterals;

class TestLogLevels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void changes_data();
    void changes();
    void refused_data();
    void refused();
    void aRefusedChangeChangesNothing();
    void tooManyCategories();
    void rules_data();
    void rules();
    void ownCategoriesAreThoseOfTheSources();
};

void TestLogLevels::changes_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<QString>("text");
    QTest::newRow("general") << u"error"_s << u"error,quern.http=debug"_s;
    QTest::newRow("category") << u"shop=warning"_s << u"info,quern.http=debug,shop=warning"_s;
    QTest::newRow("both") << u"debug, quern.http = error"_s << u"debug,quern.http=error"_s;
    QTest::newRow("wildcard") << u"quern.*=error,my-shop.*=debug"_s
                              << u"info,my-shop.*=debug,quern.*=error,quern.http=debug"_s;
    QTest::newRow("output") << u"stdout=error"_s << u"info,quern.http=debug,stdout=error"_s;
}

void TestLogLevels::changes()
{
    QFETCH(const QString, change);
    QFETCH(const QString, text);
    LogLevels levels{LogLevel::Info, {{u"quern.http"_s, LogLevel::Debug}}};
    const Result<void> changed = levels.change(change);
    QVERIFY2(changed, changed ? "" : qPrintable(changed.error().message()));
    QCOMPARE(levels.text(), text);
    LogLevels again;
    QVERIFY(again.change(levels.text()));
    QVERIFY(again == levels);
}

void TestLogLevels::refused_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<QString>("message");
    QTest::newRow("empty") << QString() << u"\"\" is no level; write debug, info, warning or error"_s;
    QTest::newRow("no level") << u"warn"_s << u"\"warn\" is no level; write debug, info, warning or error"_s;
    QTest::newRow("no level of a category") << u"shop="_s << u"\"\" is no level; write debug, info, warning or error"_s;
    const QString mend = u" is no category; write a name such as quern.http, or quern.* for all that begin so"_s;
    QTest::newRow("no name") << u"=debug"_s << u"\"\""_s + mend;
    QTest::newRow("a star alone") << u"*=debug"_s << u"\"*\""_s + mend;
    QTest::newRow("a star within") << u"a.*.b=debug"_s << u"\"a.*.b\""_s + mend;
    QTest::newRow("a rule of Qt") << u"shop\nx=debug"_s << u"\"shop\nx\""_s + mend;
    QTest::newRow("none of ours") << u"quern.htpp=debug"_s
                                  << u"there is no category \"quern.htpp\"; write quern.*, or one of "_s +
                                         base::ownLogCategories().join(u", "_s);
}

void TestLogLevels::refused()
{
    QFETCH(const QString, change);
    QFETCH(const QString, message);
    LogLevels levels;
    const Result<void> changed = levels.change(change);
    QVERIFY(!changed);
    QCOMPARE(changed.error().code(), Error::Invalid);
    QCOMPARE(changed.error().message(), message);
}

void TestLogLevels::aRefusedChangeChangesNothing()
{
    LogLevels levels;
    QVERIFY(!levels.change(u"debug,shop=error,nonsense"_s));
    QVERIFY(levels == LogLevels());
    const Result<void> added = base::addCategoryLevel(u"shop"_s, levels);
    QVERIFY(!added);
    QCOMPARE(added.error().message(), u"\"shop\" is no category with its level; write it such as quern.http=debug"_s);
}

void TestLogLevels::tooManyCategories()
{
    LogLevels levels;
    for (qsizetype i = 0; i < LogLevels::MaxCategories; ++i)
        QVERIFY(levels.change(u"shop%1=debug"_s.arg(i)));
    QVERIFY(levels.change(u"shop0=info"_s));
    QVERIFY(!levels.change(u"more=info"_s));
}

void TestLogLevels::rules_data()
{
    QTest::addColumn<QString>("levels");
    QTest::addColumn<QString>("enabled"); // d, i, w, e of: quern.http, quern.net, shop, qt.widgets,
                                          // and qt.httpserver, whose debug lines show tokens
    QTest::newRow("debug") << u"debug"_s << u"diwe diwe diwe iwe iwe"_s;
    QTest::newRow("info") << u"info"_s << u"iwe iwe iwe iwe iwe"_s;
    QTest::newRow("error") << u"error"_s << u"e e e e e"_s;
    QTest::newRow("one of them") << u"warning,quern.http=debug"_s << u"diwe we we we we"_s;
    QTest::newRow("all but one") << u"info,quern.*=error,quern.http=debug"_s << u"diwe e iwe iwe iwe"_s;
    QTest::newRow("Qt's, when asked for") << u"error,qt.*=debug"_s << u"e e e diwe iwe"_s;
}

void TestLogLevels::rules()
{
    QFETCH(const QString, levels);
    QFETCH(const QString, enabled);
    LogLevels parsed;
    QVERIFY(parsed.change(levels));
    const QLoggingCategory http("quern.http", QtInfoMsg), net("quern.net", QtInfoMsg), shop("shop"), qt("qt.widgets"),
        api("qt.httpserver");
    QLoggingCategory::setFilterRules(parsed.filterRules());
    QStringList found;
    for (const QLoggingCategory *category : {&http, &net, &shop, &qt, &api}) {
        QString letters;
        for (const auto &[isOn, letter] :
             {std::pair(category->isDebugEnabled(), u'd'), std::pair(category->isInfoEnabled(), u'i'),
              std::pair(category->isWarningEnabled(), u'w'), std::pair(category->isCriticalEnabled(), u'e')}) {
            if (isOn)
                letters += QChar(letter);
        }
        found.append(letters);
    }
    QLoggingCategory::setFilterRules({});
    QCOMPARE(found.join(u' '), enabled);
}

void TestLogLevels::ownCategoriesAreThoseOfTheSources()
{
    static const QRegularExpression form(u"Q_LOGGING_CATEGORY\\(\\w+, \"(quern\\.[^\"]+)\""_s);
    QStringList found = {u"quern.log"_s}; // the log about itself
    for (const char *folder : {"/core", "/app"}) {
        QDirIterator files(QStringLiteral(QUERN_SOURCE_DIR) + QLatin1StringView(folder), {u"*.cpp"_s}, QDir::Files,
                           QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            QVERIFY(file.open(QIODevice::ReadOnly));
            const QRegularExpressionMatch match = form.match(QString::fromUtf8(file.readAll()));
            if (match.hasMatch())
                found.append(match.captured(1));
        }
    }
    found.sort();
    QCOMPARE(base::ownLogCategories(), found);
}

QTEST_APPLESS_MAIN(TestLogLevels)
#include "tst_loglevels.moc"
