using System.Security.Cryptography;
using System.Text;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>
/// What was fetched before the first chunk, kept until the update ends: small, and not to be fetched again after each interruption. Each part is bound to the manifest
/// and to its place in the repository; who reads one proves it as if it had just been fetched (A34). A store that fails costs the saving, not the update.
/// </summary>
internal sealed class KeptParts(IDurableStore store, Sha256Digest manifest)
{
    private const string TableFile = "transfer/table", IndexFile = "transfer/index", DeltaFile = "transfer/delta";

    /// <summary>The chunk table.</summary>
    public KeptPart Table { get; } = new(store, manifest, TableFile);

    /// <summary>Head and index of the full pack.</summary>
    public KeptPart Index { get; } = new(store, manifest, IndexFile);

    /// <summary>Head, plan and digests of a delta pack.</summary>
    public KeptPart Delta { get; } = new(store, manifest, DeltaFile);

    /// <summary>Removes all of it: the update has ended.</summary>
    public static void Forget(IDurableStore store)
    {
        foreach (string file in (string[])[TableFile, IndexFile, DeltaFile])
        {
            KeptPart.Try(() => store.Delete(file));
        }
    }
}

/// <summary>A file of the store: SHA-256 of manifest, place and content, then the content.</summary>
internal sealed class KeptPart(IDurableStore store, Sha256Digest manifest, string file)
{
    /// <summary>What was kept of <paramref name="path"/> for this manifest; null when that is nothing, or not what was kept.</summary>
    public byte[]? Find(string path)
    {
        byte[]? stored = null;
        Try(() => stored = store.Read(file));
        return stored is { Length: > Sha256Digest.Size } && stored.AsSpan(0, Sha256Digest.Size).SequenceEqual(Seal(path, stored.AsSpan(Sha256Digest.Size)))
            ? stored[Sha256Digest.Size..]
            : null;
    }

    /// <summary>Keeps <paramref name="content"/> in the place of what was kept before.</summary>
    public void Keep(string path, ReadOnlySpan<byte> content)
    {
        byte[] stored = [.. Seal(path, content), .. content];
        Try(() => store.Replace(file, stored));
    }

    /// <summary>It was not worth keeping.</summary>
    public void Forget() => Try(() => store.Delete(file));

    internal static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is fetched again.
        }
    }

    private byte[] Seal(string path, ReadOnlySpan<byte> content)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(manifest.Bytes);
        hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(path)));
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }
}
