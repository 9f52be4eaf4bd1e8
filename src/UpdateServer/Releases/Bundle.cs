using System.Formats.Tar;
using Fota.Manifest;
using Fota.UpdateServer.Artifacts;

namespace Fota.UpdateServer.Releases;

/// <summary>An uploaded publication in its staging area: well-formed paths and bounded files, believed by nobody.</summary>
internal sealed class Bundle : IDisposable
{
    /// <summary>Most files in one upload (A53).</summary>
    public const int MaxFiles = 10_000;

    private readonly StagingArea _area;
    private readonly Dictionary<string, StagedContent> _files = new(StringComparer.Ordinal);

    private Bundle(StagingArea area) => _area = area;

    /// <summary>By repository path.</summary>
    public IReadOnlyDictionary<string, StagedContent> Files => _files;

    /// <summary>Streams a tar into <paramref name="store"/>'s staging area. What is wrong with it is found before the byte that would exceed a bound is kept.</summary>
    /// <exception cref="RejectedException">It is no tar of files with paths of the repository's layout.</exception>
    public static async Task<Bundle> ReceiveAsync(Stream tar, ContentStore store, CancellationToken cancellation)
    {
        Bundle bundle = new(store.Stage());
        try
        {
            await using TarHeaderGuard guarded = new(tar);
            await using TarReader reader = new(guarded, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
            {
                await bundle.AddAsync(entry, cancellation);
            }

            return bundle;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or OverflowException)
        {
            bundle.Dispose();
            throw new RejectedException(RejectionReason.Malformed, "publication: wanted a tar archive, got something else");
        }
        catch
        {
            bundle.Dispose();
            throw;
        }
    }

    public void Dispose() => _area.Dispose();

    private async Task AddAsync(TarEntry entry, CancellationToken cancellation)
    {
        // Links and devices are no content, and could point anywhere.
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !RepositoryPath.TryParse(entry.Name, out RepositoryPath? path))
        {
            throw new RejectedException(RejectionReason.UnsafePath, "publication: wanted files at paths of the repository's layout, got another entry");
        }

        if (_files.Count == MaxFiles || entry.Length > path.MaxLength)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"publication: wanted at most {MaxFiles} files, and of {path.Text} at most {path.MaxLength} bytes, got {entry.Length}");
        }

        if (_files.ContainsKey(path.Text))
        {
            throw new RejectedException(RejectionReason.DuplicateField, $"publication: wanted {path.Text} once, got it twice");
        }

        StagedContent staged = await _area.WriteAsync(entry.DataStream ?? Stream.Null, entry.Length, path.Text, cancellation);
        if (path.Digest is not null && path.Digest != staged.Digest)
        {
            throw new RejectedException(RejectionReason.DigestMismatch, $"{path.Text}: wanted bytes of the digest in its name, got {staged.Digest}");
        }

        _files.Add(path.Text, staged);
    }
}
