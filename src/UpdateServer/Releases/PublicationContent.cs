using Fota.Manifest;
using Fota.UpdateServer.Artifacts;

namespace Fota.UpdateServer.Releases;

/// <summary>
/// What a publication can draw on: the files that were uploaded with it, and, where it leaves some out, those that are published already. It
/// remembers which ones were asked for: nothing else becomes visible.
/// </summary>
internal sealed class PublicationContent(IReadOnlyDictionary<string, StagedContent> uploaded, Publication published, ContentStore store)
{
    private readonly Dictionary<string, PublishedFile> _used = new(StringComparer.Ordinal);

    /// <summary>Every file that was vouched for, by path.</summary>
    public IReadOnlyDictionary<string, PublishedFile> Used => _used;

    /// <summary>Whether there is such a file.</summary>
    public bool Has(RepositoryPath path) => uploaded.ContainsKey(path.Text) || published.Files.ContainsKey(path.Text);

    /// <summary>The bytes of a file, uploaded or published. It counts as used: whoever asks vouches for it or throws.</summary>
    /// <exception cref="RejectedException">There is none, or an immutable file was uploaded with other bytes than were published.</exception>
    public byte[] Read(RepositoryPath path)
    {
        (StagedContent? staged, PublishedFile described) = Locate(path);
        return staged is null ? store.Read(described.Digest) : ReadAs(staged, path);
    }

    /// <summary>What a file is, uploaded or published; it counts as used.</summary>
    /// <exception cref="RejectedException">As with <see cref="Read"/>.</exception>
    public PublishedFile Describe(RepositoryPath path) => Locate(path).Described;

    /// <summary>As <see cref="Read"/>, for files too large for memory. Their digest was made when they were written.</summary>
    public Stream Open(RepositoryPath path)
    {
        (StagedContent? staged, PublishedFile described) = Locate(path);
        return staged is null ? store.Open(described.Digest) : new FileStream(staged.File, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
    }

    /// <summary>The bytes of a file that is published, whatever was uploaded; null if there is none.</summary>
    public byte[]? ReadPublished(RepositoryPath path) =>
        published.Files.TryGetValue(path.Text, out PublishedFile? file) ? store.Read(file.Digest) : null;

    /// <summary>What is verified is what will be served: the bytes behind this digest (A31).</summary>
    private static byte[] ReadAs(StagedContent staged, RepositoryPath path)
    {
        byte[] bytes = File.ReadAllBytes(staged.File);
        return Sha256Digest.Of(bytes) == staged.Digest ? bytes : throw new IOException($"{path.Text}: the staged file does not have the digest that it was received with");
    }

    private (StagedContent? Staged, PublishedFile Described) Locate(RepositoryPath path)
    {
        uploaded.TryGetValue(path.Text, out StagedContent? staged);
        published.Files.TryGetValue(path.Text, out PublishedFile? old);
        if (staged is not null && old is not null && !path.IsReplaceable && staged.Digest != old.Digest)
        {
            throw new RejectedException(RejectionReason.DigestMismatch, $"{path.Text}: wanted the bytes that are published ({old.Digest}), got {staged.Digest}");
        }

        PublishedFile described = staged is not null ? new PublishedFile(staged.Digest, staged.Length)
            : old ?? throw new RejectedException(RejectionReason.MissingField, $"publication: wanted {path.Text}, got none");
        _used[path.Text] = described;
        return (staged, described);
    }
}
