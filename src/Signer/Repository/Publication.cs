using System.Formats.Tar;
using System.Net;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;

namespace Fota.Signer.Repository;

/// <summary>What is sent to a server: all current metadata, and of the immutable files those that it has not acknowledged.</summary>
internal sealed class Publication
{
    private readonly RepositoryFolder _repository;
    private readonly byte[] _timestamp;
    private readonly IReadOnlyList<string> _files;

    private Publication(RepositoryFolder repository, byte[] timestamp, long version, IReadOnlyList<string> files)
    {
        _repository = repository;
        _timestamp = timestamp;
        _files = files;
        TimestampVersion = version;
    }

    /// <summary>The timestamp it carries.</summary>
    public long TimestampVersion { get; }

    /// <summary>The immutable files in it, to be remembered once they are acknowledged.</summary>
    public IEnumerable<string> Files => [.. _files, Marker(TimestampVersion)];

    /// <summary>Gathers a publication; null when the server has acknowledged this very one.</summary>
    public static Publication? Gather(SignerHome home, Uri server, DateTimeOffset now)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        IReadOnlySet<string> acknowledged = home.Pushes.PathsAt(server);
        byte[] file = repository.Read(RepositoryFolder.Timestamp);
        TimestampMetadata timestamp = SignedMetadata.Decode(file, DecodeLimits.TimestampBytes).OrThrow().UnverifiedTimestamp().OrThrow();
        if (acknowledged.Contains(Marker(timestamp.Version)))
        {
            return null;
        }

        RepositoryState state = repository.ReadState();
        List<string> files = [.. Enumerable.Range(1, (int)state.Root).Select(version => RepositoryFolder.Metadata("root", version))];
        files.Add(RepositoryFolder.Metadata("targets", state.Targets));
        files.AddRange(state.Products.Select(product => RepositoryFolder.Metadata(product.Key, product.Value)));
        files.Add(RepositoryFolder.Metadata("snapshot", timestamp.Snapshot.Version));
        RepositoryTrust trust = RepositoryTrust.Load(repository, state, now);
        foreach (string product in state.Products.Keys)
        {
            ProductRole role = ProductRole.Load(repository, state, trust, ProductName.Parse(product));
            files.AddRange(ContentOf(role).Where(path => !acknowledged.Contains(path)));
        }

        return new Publication(repository, file, timestamp.Version, [.. files.Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>The body of the request, written as it is sent: packs are not held in memory.</summary>
    public HttpContent ToContent() => new TarContent(this);

    /// <summary>Envelopes, chunk tables and packs of a product; two releases of one image share table and pack.</summary>
    private static IEnumerable<string> ContentOf(ProductRole role) => role.Releases().SelectMany(release => new[]
    {
        RepositoryFolder.Target(RepositoryFolder.ReleasePath(role.Product, release.Content.ReleaseVersion), Sha256Digest.Of(release.Envelope.Bytes.Span)),
        RepositoryFolder.Table(release.Content.ChunkTableDigest),
        release.Content.PackUri,
    });

    // Stands among the acknowledged paths for "this timestamp was taken"; no file has such a name.
    private static string Marker(long version) => $"timestamp {version}";

    private async Task WriteAsync(Stream output, CancellationToken cancellation)
    {
        await using TarWriter tar = new(output, TarEntryFormat.Pax, leaveOpen: true);
        foreach (string path in _files)
        {
            await using FileStream file = File.OpenRead(_repository.FullPath(path));
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = file }, cancellation);
        }

        using MemoryStream timestamp = new(_timestamp);
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, RepositoryFolder.Timestamp) { DataStream = timestamp }, cancellation);
    }

    private sealed class TarContent : HttpContent
    {
        private readonly Publication _publication;

        public TarContent(Publication publication)
        {
            _publication = publication;
            Headers.ContentType = new("application/x-tar");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _publication.WriteAsync(stream, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => _publication.WriteAsync(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
