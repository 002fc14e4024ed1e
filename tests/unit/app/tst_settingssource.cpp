#include "app/server/settingssource.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

/// What the settings are, and what they would be if the file said something else.
class TestSettingsSource : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theLabelIsPartOfTheEnvironment_data();
    void theLabelIsPartOfTheEnvironment();
};

void TestSettingsSource::theLabelIsPartOfTheEnvironment_data()
{
    QTest::addColumn<QString>("label");
    QTest::newRow("none") << QString();
    QTest::newRow("one") << u"release/7"_s;
}

void TestSettingsSource::theLabelIsPartOfTheEnvironment()
{
    QFETCH(const QString, label);
    const QTemporaryDir folder;
    const QByteArray text = "[server]\nworker_num = 3\n";
    QFile file(folder.filePath(u"quern.toml"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
    file.close();
    app::CommandLine line;
    line.configFile = file.fileName();
    line.versionLabel = label;
    const QList<std::pair<QString, QString>> expected =
        label.isEmpty() ? QList<std::pair<QString, QString>>()
                        : QList<std::pair<QString, QString>>{{u"X_VERSION"_s, label}};
    for (const Result<config::Settings> &settings :
         {app::loadSettings(line, config::Purpose::StartServer), app::candidateSettings(line, text)}) {
        QVERIFY2(settings, settings ? "" : qPrintable(settings.error().message()));
        QCOMPARE(settings->server.workerNum, 3);
        QCOMPARE(settings->environment, expected);
    }
}

QTEST_GUILESS_MAIN(TestSettingsSource)
#include "tst_settingssource.moc"
