using System.Net;
using System.Net.Http.Headers;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>The update server in memory: the simulated repository with packs and tables, and a check-in that knows one device.</summary>
public sealed class FleetServer(VerificationKey deviceKey, RepositorySimulator? repository = null) : HttpMessageHandler
{
    public const string DeviceName = "pump-0001";

    public RepositorySimulator Repository { get; } = repository ?? new();

    /// <summary>Packs and tables by path, for example "packs/9f86...".</summary>
    public IDictionary<string, byte[]> Blobs { get; init; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    /// <summary>Metadata that is served in place of what the repository has now; null for that.</summary>
    public IDictionary<string, byte[]>? Metadata { get; set; }

    /// <summary>What the device is asked to install; a terminal report ends it.</summary>
    public Assignment? Assignment { get; set; }

    /// <summary>The delta packs that its answers name.</summary>
    public IReadOnlyList<OfferedDelta> Deltas { get; set; } = [];

    /// <summary>The reports, verified, in the order of their arrival.</summary>
    public IList<DeviceReport> Reports { get; } = [];

    /// <summary>What the device was told of one deployment.</summary>
    public IEnumerable<ReportState> States => Reports.Where(static r => r.State != ReportState.Idle).Select(static r => r.State);

    /// <summary>The paths that were asked for.</summary>
    public IList<string> Requests { get; } = [];

    /// <summary>Bytes of the repository that were sent, by path.</summary>
    public IDictionary<string, long> Sent { get; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Whether nothing answers.</summary>
    public bool IsOffline { get; set; }

    /// <summary>Whether reports are taken but the answers are lost.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>The answer to reports that the server refuses; null when it takes them.</summary>
    public Func<DeviceReport, HttpStatusCode?> Refuses { get; set; } = static _ => null;

    /// <summary>Whether range requests are answered with the whole file.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>A file that lies on a bad sector.</summary>
    public string? Unreadable { get; set; }

    /// <summary>After how many bytes a pack's transfer breaks; null for never.</summary>
    public int? BreaksAfter { get; set; }

    /// <summary>Publishes a release signed by both product keys, or by others, and assigns it.</summary>
    public void Offer(SampleRelease release, params SoftwareKey[] signers)
    {
        Publish(release, signers);
        Assign(release.TargetPath);
    }

    public void Assign(string targetPath) => Assignment = new Assignment($"deployment-{Reports.Count}-{targetPath.Split('/')[1]}", targetPath);

    public void Publish(SampleRelease release, params SoftwareKey[] signers)
    {
        byte[] envelope = release.SignedBy(signers.Length > 0 ? signers : [.. Repository.Pump.Keys]).Bytes.ToArray();
        Repository.AddTarget(release.TargetPath, envelope);
        foreach ((string path, byte[] content) in release.Blobs)
        {
            Blobs[path] = content;
        }

        Repository.Publish();
    }

    /// <summary>Puts a delta pack into the repository, and offers it for a base.</summary>
    /// <returns>Its path.</returns>
    public string OfferDelta(byte[] pack, byte[] baseImage)
    {
        OfferedDelta delta = new(Sha256Digest.Of(baseImage), Sha256Digest.Of(pack), pack.Length);
        Deltas = [.. Deltas, delta];
        Blobs[$"packs/{delta.Pack}"] = pack;
        return $"packs/{delta.Pack}";
    }

    /// <summary>Publishes everything anew, for devices that go by the real clock.</summary>
    public void PublishForToday()
    {
        Repository.Now = TimeProvider.System.GetUtcNow();
        foreach (SimulatedRole role in (SimulatedRole[])[Repository.Root, Repository.Timestamp, Repository.Snapshot, Repository.Targets, Repository.Pump])
        {
            role.Expires = Repository.Now.AddDays(1);
        }

        Repository.PublishRoot();
        Repository.PublishTargets();
        Repository.Publish();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (IsOffline)
        {
            throw new HttpRequestException("connection refused");
        }

        string path = request.RequestUri!.AbsolutePath;
        Requests.Add(path);
        HttpResponseMessage response = path == "/api/v1/check-in"
            ? CheckIn(await request.Content!.ReadAsByteArrayAsync(cancellationToken))
            : Serve(path["/repo/".Length..], request.Headers.Range?.Ranges.Single());
        response.RequestMessage = request;
        return response;
    }

    private HttpResponseMessage CheckIn(byte[] body)
    {
        DeviceReport report = VerifiedReport.Verify(body, deviceKey, DeviceName).OrThrow().Content;
        if (Refuses(report) is { } status)
        {
            return new HttpResponseMessage(status) { Content = new ByteArrayContent([]) };
        }

        Reports.Add(report);
        if (report.State is ReportState.Confirmed or ReportState.Failed or ReportState.RolledBack && report.Deployment == Assignment?.Deployment)
        {
            Assignment = null;
        }

        return LosesAnswers ? throw new HttpRequestException("connection reset") : Content(new CheckInAnswer(Assignment, TimeSpan.FromSeconds(1)) { Deltas = [.. Deltas] }.Encode());
    }

    private HttpResponseMessage Serve(string path, RangeItemHeaderValue? range)
    {
        byte[]? file = path.Split('/')[0] switch
        {
            "metadata" => Find(Metadata ?? Repository.Files, path["metadata/".Length..]),
            "targets" => Find(Repository.TargetFiles, path["targets/".Length..]),
            _ => Find(Blobs, path),
        };
        if (file is null)
        {
            return new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new ByteArrayContent([]) };
        }

        if (path == Unreadable)
        {
            return new HttpResponseMessage(HttpStatusCode.InternalServerError) { Content = new ByteArrayContent([]) };
        }

        if (range is null || IgnoresRanges)
        {
            return Send(path, file);
        }

        if (range.From >= file.Length)
        {
            return new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable) { Content = new ByteArrayContent([]) };
        }

        int from = (int)range.From!.Value, end = (int)Math.Min(range.To!.Value + 1, file.Length);
        if (BreaksAfter is { } limit && end - from > limit)
        {
            end = from + limit;
        }

        HttpResponseMessage partial = Send(path, file[from..end]);
        partial.StatusCode = HttpStatusCode.PartialContent;
        partial.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, end - 1, file.Length);
        return partial;
    }

    private HttpResponseMessage Send(string path, byte[] bytes)
    {
        Sent[path] = Sent.TryGetValue(path, out long before) ? before + bytes.Length : bytes.Length;
        return Content(bytes);
    }

    private static byte[]? Find(IDictionary<string, byte[]> files, string name) => files.TryGetValue(name, out byte[]? file) ? file : null;

    private static HttpResponseMessage Content(byte[] bytes) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) };
}
