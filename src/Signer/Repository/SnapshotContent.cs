using Fota.Manifest;
using Fota.Manifest.Metadata;

namespace Fota.Signer.Repository;

/// <summary>What the snapshot of a repository says.</summary>
internal static class SnapshotContent
{
    /// <summary>Targets, and every role of a product that was ever listed, as they lie there.</summary>
    public static Dictionary<string, MetaFile> Of(RepositoryFolder repository, RepositoryState state)
    {
        Dictionary<string, MetaFile> meta = new(StringComparer.Ordinal);
        foreach ((string role, long version) in state.Delegated.Append(new("targets", state.Targets)))
        {
            meta[role + ".json"] = Describe(version, repository.Read(RepositoryFolder.Metadata(role, version)));
        }

        return meta;
    }

    public static MetaFile Describe(long version, ReadOnlySpan<byte> file) => new(version, file.Length, Sha256Digest.Of(file));
}
