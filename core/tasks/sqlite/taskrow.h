#pragma once

#include "tasks/taskrecord.h"

#include <QSqlQuery>
#include <QString>
#include <QStringList>

namespace Quern::tasks {

/// The statements that make an empty database: the table of tasks that wait or run, and that of dead letters.
QStringList taskSchema();

/// The columns of a record, in the order of the functions below, with commas between them.
QString taskColumns();
/// As many question marks.
QString taskPlaceholders();
/// The columns for a copy of a row in which \a changed, "attempts = ?", stands in the place of its column. Several with
/// commas.
QString taskColumnsWith(const QStringList &changed);

/// Binds the record to the first of \a query's places.
void bindTask(QSqlQuery &query, const TaskRecord &record);
/// Reads the record in the first columns of the present row.
TaskRecord readTask(const QSqlQuery &query);

} // namespace Quern::tasks
