#pragma once

#include "base/filedescriptor.h"

namespace Quern::base {

/// Keeps the descriptors back that this process needs whatever its clients do: those of a number of \a ceiling or above
/// are not taken for files on their behalf. The kernel gives the lowest number that is free, so a number tells how many
/// are in use at least. Any thread; without it nothing is kept back.
void keepDescriptorsFrom(int ceiling);

/// \a fd, a file that a client has made this process open; not valid, with errno EMFILE, if it is one of those kept
/// back.
FileDescriptor onBehalfOfClient(FileDescriptor fd);

} // namespace Quern::base
