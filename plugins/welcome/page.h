#pragma once

#include <Quern/request.h>

#include <QHash>
#include <QString>

/// An HTML page with places to fill, written {{name}}.
class Page
{
public:
    explicit Page(QString text);

    /// The page with each place filled from \a values, escaped for HTML. A value is never searched for places itself.
    QString filled(const QHash<QString, QString> &values) const;

private:
    QString m_text;
};

/// The values that page.html shows about \a request.
QHash<QString, QString> pageValues(const Quern::Request &request);
