using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// A client of any TUF 1.0.34 repository: the agent's own workflow, without a device around it. It needs no configuration and no key, and tries
/// nothing twice.
/// </summary>
internal sealed class TufClient
{
    private readonly MetadataFolder _store;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    /// <summary>Keeps the trusted metadata in <paramref name="metadataFolder"/>.</summary>
    public TufClient(string metadataFolder, HttpClient http, TimeProvider time)
    {
        _store = new MetadataFolder(metadataFolder);
        _http = http;
        _time = time;
    }

    /// <summary>An HTTP client that goes nowhere but where it is sent: the redirect, proxy and cookie of a repository mean nothing.</summary>
    public static HttpClient CreateHttp() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Begins with a root that is trusted. It has to be signed by itself; that it is expired does not matter yet (§5.2).</summary>
    /// <exception cref="RejectedException">It is no such root; nothing was stored.</exception>
    public void Begin(ReadOnlyMemory<byte> trustedRoot)
    {
        _ = TrustedMetadataSet.Start(trustedRoot, _time.GetUtcNow(), MetadataProfile.Tuf).OrThrow();
        MetadataRefresh.Begin(_store, "", trustedRoot.Span);
    }

    /// <summary>Refreshes the top-level metadata from below <paramref name="metadata"/>.</summary>
    /// <exception cref="RejectedException">Metadata was refused; what is stored is what it was, or newer and accepted.</exception>
    public async Task RefreshAsync(Uri metadata, CancellationToken cancellation) => _ = await Refresh(metadata).RunAsync(_time.GetUtcNow(), cancellation);

    /// <summary>Refreshes the metadata once, then puts each target into <paramref name="folder"/>, in their order, up to the first that fails.</summary>
    /// <exception cref="RejectedException">Metadata or a target was refused; the targets before it are in the folder.</exception>
    public async Task DownloadAsync(Uri metadata, Uri targets, IReadOnlyList<string> paths, string folder, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(paths);
        MetadataRefresh refresh = Refresh(metadata);
        RepositoryClient source = Client(targets);
        TargetFolder destination = new(folder);
        TrustedMetadataSet trust = await refresh.RunAsync(_time.GetUtcNow(), cancellation);
        foreach (string path in paths)
        {
            DemandBelow(path);
            VerifiedTarget target = await refresh.FindAsync(trust, path, cancellation);
            if (!destination.Holds(target))
            {
                await destination.PutAsync(target, file => source.CopyAsync(Encode(target.FileName), target.Length, file, cancellation));
            }
        }
    }

    // A '/' separates, everything else that has a meaning in a URL loses it.
    private static string Encode(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    // Such a path would lead to another file than it says, or above the repository (A15).
    private static void DemandBelow(string path)
    {
        string[] segments = path.Split('/');
        if (segments[0].Length == 0 || segments.Any(static segment => segment is "." or ".."))
        {
            throw new RejectedException(RejectionReason.UnsafePath, "a target path: wanted a relative one without the segments \".\" and \"..\", got another");
        }
    }

    private MetadataRefresh Refresh(Uri metadata) => new(MetadataProfile.Tuf, _store, "", Client(metadata), tag: null);

    private RepositoryClient Client(Uri below) => new([new RepositorySource(below, _http)], Transport.Plain(_time));
}
