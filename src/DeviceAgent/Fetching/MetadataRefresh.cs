using System.Net.Http.Headers;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// The I/O around <see cref="TrustedMetadataSet"/> (TUF 1.0.34 section 5): what is stored serves as the reference against rollback, what is
/// fetched is stored byte for byte once it was accepted, and not before. What was refused is not asked for a second time.
/// </summary>
internal sealed class MetadataRefresh
{
    /// <summary>Where the agent keeps its metadata.</summary>
    public const string AgentFolder = "metadata/";

    // The digest of the root with which timestamp and snapshot became void; gone once they are.
    private const string VoidFile = "references-void";

    private static readonly string s_rootFile = MetadataFileName.Unversioned("root"), s_snapshotFile = MetadataFileName.Unversioned("snapshot");

    private readonly MetadataProfile _profile;
    private readonly IDurableStore _store;
    private readonly string _folder;
    private readonly RepositoryClient _repository;
    private readonly TimestampTag? _tag;

    /// <param name="profile">Which metadata is read.</param>
    /// <param name="store">Where the trusted metadata lies.</param>
    /// <param name="folder">The first part of the names of its files in the store; may be empty.</param>
    /// <param name="repository">Fetches the repository's metadata.</param>
    /// <param name="tag">Remembers what the server called the timestamp; null to fetch it each time.</param>
    public MetadataRefresh(MetadataProfile profile, IDurableStore store, string folder, RepositoryClient repository, TimestampTag? tag)
    {
        _tag = tag;
        _profile = profile;
        _store = store;
        _folder = folder;
        _repository = repository;
    }

    /// <summary>Gives a client the root that it trusts from birth.</summary>
    public static void Begin(IDurableStore store, string folder, ReadOnlySpan<byte> trustedRoot) => store.Replace(folder + s_rootFile, trustedRoot);

    /// <summary>Refreshes the top-level metadata (§5.3 to §5.6) at one moment, which decides every expiry.</summary>
    /// <exception cref="RejectedException">Metadata was refused; the stored metadata is what it was, or newer and accepted.</exception>
    public async Task<TrustedMetadataSet> RunAsync(DateTimeOffset updateStartTime, CancellationToken cancellation)
    {
        TrustedMetadataSet trust = await BeginAsync(updateStartTime, cancellation);
        await RefreshSnapshotAsync(trust, cancellation);
        await RefreshRoleAsync(trust, "targets", bytes => trust.UpdateTargets(bytes), cancellation);
        return trust;
    }

    /// <summary>Refreshes root and timestamp alone (§5.3, §5.4): whether there is something new, and which logs are pinned.</summary>
    /// <returns>The trusted timestamp.</returns>
    /// <exception cref="RejectedException">Metadata was refused; the stored metadata is what it was, or newer and accepted.</exception>
    public async Task<TimestampMetadata> RunTimestampAsync(DateTimeOffset updateStartTime, CancellationToken cancellation) => (await BeginAsync(updateStartTime, cancellation)).Timestamp!;

    private async Task<TrustedMetadataSet> BeginAsync(DateTimeOffset updateStartTime, CancellationToken cancellation)
    {
        byte[] root = Read(s_rootFile) ?? throw new DeviceStateException($"{_folder}{s_rootFile}: wanted the trusted root, got none");
        DeleteVoidReferences(root);
        TrustedMetadataSet trust = TrustedMetadataSet.Start(root, updateStartTime, _profile).OrThrow();
        await RefreshRootAsync(trust, cancellation);
        await RefreshTimestampAsync(trust, cancellation);
        return trust;
    }

    /// <summary>Finds a target (§5.6.7), refreshing the delegated roles that are asked for it.</summary>
    /// <exception cref="RejectedException">No trusted role lists it, or the metadata of one that may was refused.</exception>
    public async Task<VerifiedTarget> FindAsync(TrustedMetadataSet trust, string path, CancellationToken cancellation)
    {
        while (trust.NextDelegation(path) is { } delegation)
        {
            // What is stored is checked against this delegator, however often another one has vouched for it.
            await RefreshRoleAsync(trust, delegation.Name, bytes => trust.UpdateDelegatedTargets(delegation, bytes), cancellation);
        }

        return trust.FindTarget(path).OrThrow();
    }

    private async Task RefreshRootAsync(TrustedMetadataSet trust, CancellationToken cancellation)
    {
        for (int rotation = 0; rotation < DecodeLimits.RootRotations; rotation++)
        {
            byte[]? next = await _repository.FindAsync(MetadataFileName.Root(trust.Root.Version + 1), DecodeLimits.RootBytes, cancellation);
            if (next is null)
            {
                return; // §5.3.9: no newer root
            }

            trust.UpdateRoot(next).OrThrow();
            if (trust.TimestampOrSnapshotKeysChanged)
            {
                // §5.3.11. Whatever a power cut interrupts: with the old root the references stay, or old files would pass again (A02); with the
                // new one they go, or a fast-forwarded one would block the device for ever (A04).
                Replace(VoidFile, Sha256Digest.Of(next).Bytes);
            }

            Replace(s_rootFile, next);
            DeleteVoidReferences(next);
        }
    }

    private void DeleteVoidReferences(byte[] root)
    {
        byte[]? voided = Read(VoidFile);
        if (voided is null || !voided.AsSpan().SequenceEqual(Sha256Digest.Of(root).Bytes))
        {
            return;
        }

        _store.Delete(_folder + MetadataFileName.Timestamp);
        _store.Delete(_folder + s_snapshotFile);
        _store.Delete(_folder + VoidFile);
    }

    private async Task RefreshTimestampAsync(TrustedMetadataSet trust, CancellationToken cancellation)
    {
        byte[]? stored = Read(MetadataFileName.Timestamp);
        TimestampMetadata? reference = null;
        if (stored is not null)
        {
            // Refused or not, it blocks a rollback behind it (A14).
            trust.UpdateTimestamp(stored).IsAccepted(out reference, out _);
        }

        // Only one that holds today may be what the server still has.
        EntityTagHeaderValue? known = reference is null ? null : _tag?.Of(stored);
        (byte[]? fetched, string? tag) = await _repository.GetUnlessAsync(MetadataFileName.Timestamp, DecodeLimits.TimestampBytes, known, cancellation);
        if (fetched is null)
        {
            return;
        }

        TimestampMetadata trusted = trust.UpdateTimestamp(fetched).OrThrow();
        if (trusted != reference)
        {
            // One of the same version was not looked at further, and may name an older snapshot: it must not become the reference (A02).
            Replace(MetadataFileName.Timestamp, fetched);
            _tag?.Keep(fetched, tag);
        }
    }

    private async Task RefreshSnapshotAsync(TrustedMetadataSet trust, CancellationToken cancellation)
    {
        byte[]? stored = Read(s_snapshotFile);
        if (stored is not null && trust.LoadStoredSnapshot(stored).IsAccepted(out _, out _))
        {
            return;
        }

        MetaFile named = trust.Timestamp!.Snapshot;
        byte[] fetched = await _repository.GetAsync(RemoteName(trust, "snapshot", named), named.Bound("snapshot", DecodeLimits.SnapshotBytes), cancellation);
        trust.UpdateSnapshot(fetched).OrThrow();
        Keep(s_snapshotFile, stored, fetched);
    }

    private async Task RefreshRoleAsync(TrustedMetadataSet trust, string role, Func<ReadOnlyMemory<byte>, Verdict<TargetsMetadata>> update, CancellationToken cancellation)
    {
        // The role's name is percent-encoded, so it is one safe file name whatever it is (A15).
        string file = MetadataFileName.Unversioned(role);
        byte[]? stored = Read(file);
        if (stored is not null && update(stored).IsAccepted(out _, out _))
        {
            return;
        }

        MetaFile named = trust.Snapshot!.Of(role);
        byte[] fetched = await _repository.GetAsync(RemoteName(trust, role, named), named.Bound(role, DecodeLimits.TargetsBytes), cancellation);
        update(fetched).OrThrow();
        Keep(file, stored, fetched);
    }

    // §6.2.1: with consistent snapshots a file's name says its version.
    private static string RemoteName(TrustedMetadataSet trust, string role, MetaFile named) =>
        trust.Root.ConsistentSnapshot ? MetadataFileName.OfRole(role, named.Version) : MetadataFileName.Unversioned(role);

    private void Keep(string file, byte[]? stored, byte[] accepted)
    {
        if (stored is null || !stored.AsSpan().SequenceEqual(accepted))
        {
            Replace(file, accepted);
        }
    }

    private byte[]? Read(string file) => _store.Read(_folder + file);

    private void Replace(string file, ReadOnlySpan<byte> content) => _store.Replace(_folder + file, content);
}
