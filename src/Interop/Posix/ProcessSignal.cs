using System.Runtime.InteropServices;

namespace Fota.Interop.Posix;

/// <summary>Asks a process to stop, as the runtime can only kill one.</summary>
public static partial class ProcessSignal
{
    private const int Sigterm = 15;

    /// <summary>Sends SIGTERM (signal.h: kill) to a child of this process; that it is gone already is no failure.</summary>
    public static void Terminate(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processId, 2); // 0, -1 and negative numbers would reach whole groups
        _ = Kill(processId, Sigterm);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
