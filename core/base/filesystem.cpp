#include "base/filesystem.h"

#include <QFile>

#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace Quern::base {

namespace {

struct SharedType
{
    quint32 number;
    const char *name;
};

/// Of networks, of clusters, of programs, and of the hosts of virtual machines. Most of the numbers are those of
/// statfs(2) and <linux/magic.h>, the others those of the drivers. That of an overlay is not among them: what is
/// written through it brings events.
constexpr std::array sharedTypes = {
    SharedType{0x6969, "NFS"},
    SharedType{0x517B, "SMB"},
    SharedType{0xFE534D42, "SMB"},
    SharedType{0xFF534D42, "CIFS"},
    SharedType{0x564C, "NCP"},
    SharedType{0x5346414F, "AFS"},
    SharedType{0x6B414653, "AFS"},
    SharedType{0x73757245, "Coda"},
    SharedType{0x00C36400, "Ceph"},
    SharedType{0x0BD00BD0, "Lustre"},
    SharedType{0x47504653, "GPFS"},
    SharedType{0x01161970, "GFS2"},
    SharedType{0x7461636F, "OCFS2"},
    SharedType{0x19830326, "BeeGFS"},
    SharedType{0x65735546, "FUSE"},
    SharedType{0x01021997, "9p"},
    SharedType{0x786F4256, "VirtualBox"},
    SharedType{0xBACBACBC, "VMware"},
    SharedType{0x7C7C6673, "Parallels"},
};

} // namespace

QString sharedTypeName(quint64 type)
{
    const auto *const found = std::find_if(sharedTypes.begin(), sharedTypes.end(),
                                           [type](const SharedType &each) { return each.number == type; });
    return found == sharedTypes.end() ? QString() : QString::fromLatin1(found->name);
}

std::optional<FileSystem> fileSystemOf(const QString &directory)
{
    const QByteArray name = QFile::encodeName(directory);
    struct stat status = {};
    struct statfs system = {};
    if (::stat(name.constData(), &status) != 0 || ::statfs(name.constData(), &system) != 0)
        return std::nullopt;
    // On some machines the type is a signed number of 32 bits.
    return FileSystem{status.st_dev, sharedTypeName(quint32(system.f_type))};
}

} // namespace Quern::base
