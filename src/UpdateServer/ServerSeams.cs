using Azure.Core;
using Fota.Interop.Posix;
using Fota.UpdateServer.Storage.Postgres;

namespace Fota.UpdateServer;

/// <summary>Where tests can look at a server in the middle of something.</summary>
internal sealed record ServerSeams
{
    /// <summary>Called when a publication's content is durable and nothing refers to it yet.</summary>
    public Action? BeforePublicationCommit { get; init; }

    /// <summary>Called when a delta pack lies in the staging area and was not looked at yet.</summary>
    public Action<FileStream, CancellationToken>? DeltaPackWritten { get; init; }

    /// <summary>Called when a run of the delta job has nothing left to do, or was told to stop.</summary>
    public Action? DeltaRunEnded { get; init; }

    /// <summary>Called when this server has read what others changed, as far as it had been told.</summary>
    public Action? NewsRead { get; init; }

    /// <summary>As whom the server goes to the content storage; null for the machine's own identity.</summary>
    public TokenCredential? StorageIdentity { get; init; }

    /// <summary>How long servers wait for each other where one at a time goes on.</summary>
    public LockTimes Locks { get; init; } = LockTimes.Default;

    /// <summary>Longest time that a request takes.</summary>
    public TimeSpan RequestTimeout { get; init; } = ServerLimits.RequestTimeout;

    /// <summary>Bytes that the server may still write to the file system of a directory.</summary>
    public Func<string, long> FreeSpace { get; init; } = static directory => new DriveInfo(directory).AvailableFreeSpace;

    /// <summary>Makes the names in a directory durable.</summary>
    public Action<string> FlushDirectory { get; init; } = PosixFile.FlushDirectory;
}
