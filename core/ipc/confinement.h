#pragma once

#include "base/identity.h"

#include <QCborMap>
#include <QList>
#include <QString>

#include <optional>

namespace Quern::ipc {

/// Who a child becomes once it has loaded what it needs, and what it may use. A plain value.
struct Confinement
{
    /// A resource limit, by the name that limits.conf(5) has for it.
    struct Limit
    {
        static constexpr qint64 Unlimited = -1;

        QString name; ///< "nofile", "nproc", "as", "core", "fsize"
        qint64 value = Unlimited;
        bool operator==(const Limit &) const = default;
    };

    std::optional<base::Identity> user; ///< null: it stays who it is
    QString userName;                   ///< for messages: as the settings name it
    QString root;                       ///< absolute folder that becomes /; empty: none. Not without a user
    std::optional<mode_t> mask;         ///< null: that of the master
    QList<Limit> limits;

    /// Shape: map with "user": map with "uid", "gid", "groups", or null; "name", "root", "mask": number or null;
    /// "limits": list of maps with "name", "value".
    QCborMap toCbor() const;
    /// Error::Protocol for anything of another shape: what confines must not be taken for nothing.
    static Result<Confinement> fromCbor(const QCborValue &value);

    bool operator==(const Confinement &) const = default;
};

} // namespace Quern::ipc
