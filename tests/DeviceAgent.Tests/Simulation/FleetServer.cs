using System.Net;
using System.Net.Http.Headers;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>The update server in memory: the simulated repository with packs and tables, and a check-in that knows one device.</summary>
internal sealed class FleetServer(VerificationKey deviceKey, RepositorySimulator? repository = null) : HttpMessageHandler
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

    /// <summary>Where its answers say that content can be had without it.</summary>
    public IReadOnlyList<ContentSource> Sources { get; set; } = [];

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

    /// <summary>After how many bytes each transfer of a part breaks; null for never.</summary>
    public int? BreaksAfter { get; set; }

    /// <summary>How many bytes of tables and packs still come before the link is gone for good; null for all.</summary>
    public long? DiesAfter { get; set; }

    /// <summary>The stream in which the bytes of tables and packs come; null for all at once.</summary>
    public Func<ArraySegment<byte>, Stream>? Line { get; set; }

    /// <summary>What a file of this path and content is called; null for no tag.</summary>
    public Func<string, byte[], string?> TagOf { get; set; } = static (path, file) => path.StartsWith("packs/", StringComparison.Ordinal) ? path["packs/".Length..] : Sha256Digest.Of(file).ToString();

    /// <summary>Answers in place of the server; null to leave it to that.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?> Instead { get; set; } = static _ => null;

    /// <summary>The ranges that were asked for, as "path 0-99".</summary>
    public IList<string> Ranges { get; } = [];

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

    /// <summary>The key of the one device that it knows.</summary>
    public VerificationKey DeviceKey => deviceKey;

    /// <summary>Serves the manifests, tables and packs of another server.</summary>
    public void TakeContentOf(FleetServer other)
    {
        foreach ((string path, byte[] content) in other.Blobs)
        {
            Blobs[path] = content;
        }

        foreach ((string path, byte[] content) in other.Repository.TargetFiles)
        {
            Repository.TargetFiles[path] = content;
        }
    }

    /// <summary>Writes a copy of the repository to a folder.</summary>
    public void WriteTo(string folder)
    {
        foreach ((string path, byte[] content) in Repository.Files.Select(static file => ($"metadata/{file.Key}", file.Value))
            .Concat(Repository.TargetFiles.Select(static file => ($"targets/{file.Key}", file.Value)))
            .Concat(Blobs.Select(static blob => (blob.Key, blob.Value))))
        {
            string file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, content);
        }
    }

    /// <summary>Publishes everything anew, for devices that go by the real clock.</summary>
    public void PublishForToday() => PublishAt(TimeProvider.System.GetUtcNow());

    /// <summary>Publishes everything anew at a moment.</summary>
    public void PublishAt(DateTimeOffset now)
    {
        Repository.Now = now;
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
        HttpResponseMessage response = Instead(request) ?? (path == "/api/v1/check-in"
            ? CheckIn(await request.Content!.ReadAsByteArrayAsync(cancellationToken))
            : Serve(path["/repo/".Length..], request.Headers));
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

        return LosesAnswers ? throw new HttpRequestException("connection reset") : Content(new CheckInAnswer(Assignment, TimeSpan.FromSeconds(1)) { Deltas = [.. Deltas], Sources = [.. Sources] }.Encode());
    }

    private HttpResponseMessage Serve(string path, HttpRequestHeaders asked)
    {
        byte[]? file = path.Split('/')[0] switch
        {
            "metadata" => Find(Metadata ?? Repository.Files, path["metadata/".Length..]),
            "targets" => Find(Repository.TargetFiles, path["targets/".Length..]),
            _ => Find(Blobs, path),
        };
        if (file is null)
        {
            return Empty(HttpStatusCode.NotFound);
        }

        if (path == Unreadable)
        {
            return Empty(HttpStatusCode.InternalServerError);
        }

        HttpResponseMessage response = Serve(path, file, asked.Range?.Ranges.Single(), asked.IfNoneMatch.SingleOrDefault()?.Tag);
        response.Headers.ETag = TagOf(path, file) is { } tag ? new EntityTagHeaderValue($"\"{tag}\"") : null;
        return response;
    }

    private HttpResponseMessage Serve(string path, byte[] file, RangeItemHeaderValue? range, string? known)
    {
        if (known is not null && known == $"\"{TagOf(path, file)}\"")
        {
            return Empty(HttpStatusCode.NotModified);
        }

        if (range is null || IgnoresRanges)
        {
            return Send(path, file, 0, file.Length);
        }

        Ranges.Add($"{path} {range.From}-{range.To}");
        if (range.From >= file.Length)
        {
            return Empty(HttpStatusCode.RequestedRangeNotSatisfiable);
        }

        int from = (int)range.From!.Value, end = (int)Math.Min(range.To!.Value + 1, file.Length);
        HttpResponseMessage partial = Send(path, file, from, Math.Min(end - from, BreaksAfter ?? int.MaxValue));
        partial.StatusCode = HttpStatusCode.PartialContent;
        partial.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, end - 1, file.Length);
        return partial;
    }

    private HttpResponseMessage Send(string path, byte[] file, int from, int count)
    {
        bool isContent = !path.StartsWith("metadata/", StringComparison.Ordinal) && !path.StartsWith("targets/", StringComparison.Ordinal);
        if (isContent && DiesAfter is { } left)
        {
            count = left > 0 ? (int)Math.Min(count, left) : throw new HttpRequestException("no route to host");
            DiesAfter = left - count;
        }

        Sent[path] = Sent.TryGetValue(path, out long before) ? before + count : count;
        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = isContent && Line is { } line ? new StreamContent(line(new ArraySegment<byte>(file, from, count))) : new ByteArrayContent(file, from, count),
        };
    }

    private static HttpResponseMessage Empty(HttpStatusCode status) => new(status) { Content = new ByteArrayContent([]) };

    private static byte[]? Find(IDictionary<string, byte[]> files, string name) => files.TryGetValue(name, out byte[]? file) ? file : null;

    private static HttpResponseMessage Content(byte[] bytes) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) };
}
