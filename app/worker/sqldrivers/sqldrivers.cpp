#include <QSqlDatabase>
#include <QStringList>

/// Loads every driver of Qt SQL that can be loaded, so that it is there when no path leads to it any more. In a library
/// of its own: a worker whose plugins use no database does without Qt SQL.
extern "C" Q_DECL_EXPORT void quernLoadSqlDrivers()
{
    const QString name = QStringLiteral("quern-driver");
    const QStringList drivers = QSqlDatabase::drivers();
    for (const QString &driver : drivers) {
        QSqlDatabase::addDatabase(driver, name);
        QSqlDatabase::removeDatabase(name);
    }
}
