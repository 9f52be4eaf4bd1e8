using System.Formats.Tar;
using System.Net;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Log;

namespace Fota.Signer.Repository;

/// <summary>What is sent to a server: the top-level metadata, and of products, bins and their content what it has not acknowledged.</summary>
internal sealed class Publication
{
    private readonly RepositoryFolder _repository;
    private readonly PublishedLog? _log;
    private readonly byte[] _timestamp;

    private Publication(RepositoryFolder repository, PublishedLog? log, byte[] timestamp, long version, IReadOnlyList<string> files, bool isWhole)
    {
        _repository = repository;
        _log = log;
        _timestamp = timestamp;
        Files = files;
        TimestampVersion = version;
        IsWhole = isWhole;
    }

    /// <summary>The timestamp it carries.</summary>
    public long TimestampVersion { get; }

    /// <summary>The immutable files in it, to be remembered once they are acknowledged.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Whether nothing was left out as acknowledged before.</summary>
    public bool IsWhole { get; }

    /// <summary>Gathers what the server lacks, as far as it is remembered.</summary>
    public static Publication Gather(SignerHome home, Uri server, DateTimeOffset now)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        IReadOnlySet<string> acknowledged = home.Pushes.PathsAt(server);
        byte[] file = repository.Read(RepositoryFolder.Timestamp);
        TimestampMetadata timestamp = SignedMetadata.Decode(file, DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow();
        RepositoryState state = repository.ReadState();
        List<string> files = [.. Enumerable.Range(1, (int)state.Root).Select(version => RepositoryFolder.Metadata("root", version))];
        files.Add(RepositoryFolder.Metadata("targets", state.Targets));
        files.Add(RepositoryFolder.Metadata("snapshot", timestamp.Snapshot.Version));
        RepositoryTrust trust = RepositoryTrust.Load(repository, state, now);
        IEnumerable<string> roles = state.Delegated.Select(static role => RepositoryFolder.Metadata(role.Key, role.Value));
        string[] content = [.. roles, .. home.Settings.Products.SelectMany(product => ContentOf(ProductRole.Load(repository, state, trust, ProductName.Parse(product.Name), product.HashBins))).Distinct(StringComparer.Ordinal)];
        PublishedLog? log = PublishedLog.Of(home, timestamp);
        content = [.. content, .. log?.Files ?? []];
        string[] lacking = [.. content.Where(path => !acknowledged.Contains(path))];
        if (lacking.Select(path => log?.FullPath(path)).FirstOrDefault(static file => file is not null && !File.Exists(file)) is { } lost)
        {
            throw new SignerRefusalException($"{lost}: wanted it for {server}, which has not got it yet, got no such file ({LogDamage.Runbook})");
        }

        return new Publication(repository, log, file, timestamp.Version, [.. files, .. lacking], lacking.Length == content.Length);
    }

    /// <summary>The body of the request, written as it is sent: packs are not held in memory.</summary>
    /// <param name="deadline">Told of each piece that was sent.</param>
    public HttpContent ToContent(SendingDeadline deadline) => new TarContent(this, deadline);

    /// <summary>Envelopes, chunk tables, packs and bills of materials of a product; two releases of one image share table and pack.</summary>
    private static IEnumerable<string> ContentOf(ProductRole role) => role.Releases().SelectMany(release => (IEnumerable<string>)
    [
        RepositoryFolder.Target(RepositoryFolder.ReleasePath(role.Product, release.Content.ReleaseVersion), Sha256Digest.Of(release.Envelope.Bytes.Span)),
        .. release.Images.SelectMany(static image => new[] { RepositoryFolder.Table(image.Content.ChunkTableDigest), image.Content.PackUri }),
        .. release.Content.SbomDigest is { } sbom ? [RepositoryFolder.Sbom(sbom)] : Array.Empty<string>(),
    ]);

    private async Task WriteAsync(Stream output, CancellationToken cancellation)
    {
        await using TarWriter tar = new(output, TarEntryFormat.Pax, leaveOpen: true);
        foreach (string path in Files)
        {
            await using FileStream file = File.OpenRead(_log?.FullPath(path) ?? _repository.FullPath(path));
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = file }, cancellation);
        }

        if (_log is not null)
        {
            using MemoryStream checkpoint = new(_log.Checkpoint.ToArray());
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, PublishedLog.CheckpointPath) { DataStream = checkpoint }, cancellation);
        }

        using MemoryStream timestamp = new(_timestamp);
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, RepositoryFolder.Timestamp) { DataStream = timestamp }, cancellation);
    }

    private sealed class TarContent : HttpContent
    {
        private readonly Publication _publication;
        private readonly SendingDeadline _deadline;

        public TarContent(Publication publication, SendingDeadline deadline)
        {
            _publication = publication;
            _deadline = deadline;
            Headers.ContentType = new("application/x-tar");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using ObservedStream observed = new(stream, _deadline);
            await _publication.WriteAsync(observed, cancellationToken);
            _deadline.Sent();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
