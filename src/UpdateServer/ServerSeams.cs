using Fota.Interop.Posix;

namespace Fota.UpdateServer;

/// <summary>Where tests can look at a server in the middle of something.</summary>
internal sealed record ServerSeams
{
    /// <summary>Called when a publication's content is durable and nothing refers to it yet.</summary>
    public Action? BeforePublicationCommit { get; init; }

    /// <summary>Makes the names in a directory durable.</summary>
    public Action<string> FlushDirectory { get; init; } = PosixFile.FlushDirectory;
}
