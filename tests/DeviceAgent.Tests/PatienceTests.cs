using System.Net;
using System.Net.Http.Headers;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>What the device puts up with, how long, and when it asks again.</summary>
public sealed class PatienceTests
{
    private static readonly SampleRelease s_release = SampleRelease.Create("1.1.0", sequence: 2, image: SampleRelease.ImageOf("1.1.0", 40_000));
    private static readonly TimeSpan s_mostRetryAfter = TimeSpan.FromSeconds(600);

    private static string PackPath => $"/repo/{s_release.Described.PackUri}";

    [Test]
    [Proves("W-42")]
    public async Task What_brings_nothing_is_tried_again_four_times()
    {
        using SimulatedDevice device = Offered(out _);
        int asked = 0;
        device.Server.Instead = request => request.RequestUri!.AbsolutePath == PackPath && ++asked > 0 ? new HttpResponseMessage(HttpStatusCode.InternalServerError) : null;
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Unavailable>());
        Assert.That(asked, Is.EqualTo(1 + RetryPolicy.DefaultRetries));
    }

    [Test]
    [Proves("W-42")]
    public async Task Budget_is_for_a_lack_of_progress_and_each_new_one_begins_with_a_wait()
    {
        using SimulatedDevice device = Offered(out SimulatedClock waits);
        device.Server.BreaksAfter = 1000;
        await device.RunAsync();
        AssertConfirmed(device);
        int broken = device.Server.Requests.Count(static path => path == PackPath) - 2; // index and frames in one request each, had nothing broken
        Assert.That(broken, Is.GreaterThan(5 * RetryPolicy.DefaultRetries), "the case at hand");
        Assert.That(waits.Passed, Is.GreaterThan(TimeSpan.Zero));
    }

    [TestCase(HttpStatusCode.ServiceUnavailable)]
    [TestCase(HttpStatusCode.TooManyRequests)]
    [Proves("W-43")]
    public async Task Retry_after_in_seconds_is_waited(HttpStatusCode status) => Assert.That(await WaitAfterAsync(status, new RetryConditionHeaderValue(TimeSpan.FromSeconds(120))), Is.EqualTo(TimeSpan.FromSeconds(120)));

    [Test]
    [Proves("W-43")]
    public async Task Retry_after_as_a_date_is_waited_by_the_servers_own_clock()
    {
        DateTimeOffset now = new(2031, 5, 6, 7, 8, 9, TimeSpan.Zero); // years from what the device takes for now
        Assert.That(await WaitAfterAsync(HttpStatusCode.ServiceUnavailable, new RetryConditionHeaderValue(now.AddSeconds(90)), now), Is.EqualTo(TimeSpan.FromSeconds(90)));
        Assert.That(await WaitAfterAsync(HttpStatusCode.ServiceUnavailable, new RetryConditionHeaderValue(now.AddSeconds(-90)), now), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    [Proves("W-43")]
    public async Task A07_Retry_after_is_bounded_by_the_devices_settings()
    {
        Assert.That(await WaitAfterAsync(HttpStatusCode.ServiceUnavailable, new RetryConditionHeaderValue(TimeSpan.FromDays(10_000))), Is.EqualTo(s_mostRetryAfter));
        Assert.That(await WaitAfterAsync(HttpStatusCode.ServiceUnavailable, new RetryConditionHeaderValue(DateTimeOffset.MaxValue)), Is.EqualTo(s_mostRetryAfter));
    }

    [Test]
    [Proves("W-43")]
    public async Task Wait_that_a_check_in_is_told_outlasts_its_retries()
    {
        using SimulatedDevice device = Offered(out SimulatedClock waits);
        device.Server.Instead = static _ => Busy(HttpStatusCode.TooManyRequests, new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)), null);
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Unavailable)?.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(7)));
        Assert.That(waits.Passed, Is.EqualTo(TimeSpan.FromSeconds(7 * RetryPolicy.DefaultRetries)));
    }

    [TestCase(null, 7)]
    [TestCase(3, 7)]
    [TestCase(30, 30)]
    [Proves("W-43")]
    public async Task Wait_that_the_server_asks_for_is_kept_when_a_mirror_failed_before_it(int? mirrorAsks, int wanted)
    {
        using SimulatedDevice device = Offered(out _);
        using FleetServer mirrored = new(device.Server.DeviceKey)
        {
            Instead = _ => mirrorAsks is { } seconds ? Busy(HttpStatusCode.ServiceUnavailable, new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds)), null) : throw new HttpRequestException("connection refused"),
        };
        using HttpClient http = new(mirrored, disposeHandler: false);
        device.Mirrors = [new RepositorySource(new Uri("https://cdn.example/repo/"), http)];
        device.Server.Instead = static request => request.RequestUri!.AbsolutePath.StartsWith("/repo/targets/", StringComparison.Ordinal) ? Busy(HttpStatusCode.ServiceUnavailable, new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)), null) : null;
        Assert.That((await device.RunAsync() as AgentOutcome.Unavailable)?.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(wanted)));
    }

    [Test]
    [Proves("W-44")]
    public async Task A07_Document_that_comes_too_slowly_as_a_whole_is_given_up()
    {
        using SimulatedDevice device = Offered(out _);
        device.Limits = new TransferLimits { DocumentDeadline = TimeSpan.FromSeconds(20) };
        int asked = 0;
        device.Server.Instead = request =>
        {
            if (!request.RequestUri!.AbsolutePath.EndsWith("/timestamp.json", StringComparison.Ordinal))
            {
                return null;
            }

            // The first time it is away; from then on the 20 seconds are over as soon as they have begun.
            device.Clock.SkipsBelow = TimeSpan.FromSeconds(21);
            return ++asked == 1 ? new HttpResponseMessage(HttpStatusCode.BadGateway) : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new SilentStream()) };
        };
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Unavailable)?.Message, Is.EqualTo("timestamp.json: wanted all of it within 20 s"));
        Assert.That(asked, Is.EqualTo(1 + RetryPolicy.DefaultRetries), "it passes, so it is tried again");
    }

    [Test]
    [Proves("W-45")]
    public async Task Bandwidth_cap_holds_over_the_whole_transfer()
    {
        const int Cap = 4096;
        using SimulatedDevice device = Offered(out _);
        device.Limits = new TransferLimits { MaxBytesPerSecond = Cap };
        device.Clock.SkipsBelow = TimeSpan.FromSeconds(29); // the waits of the cap, not the 30 s of silence
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        double seconds = device.Server.Sent.Values.Sum() / (double)Cap;
        Assert.That(device.Clock.Passed.TotalSeconds, Is.InRange(seconds - 0.5, seconds + 0.5));
    }

    [Test]
    [Proves("W-46")]
    public async Task Mirror_is_asked_for_content_and_never_for_metadata()
    {
        using SimulatedDevice device = Offered(out _);
        using Mirror mirror = new(device.Server);
        device.Mirrors = [mirror.Source];
        await device.RunAsync();
        AssertConfirmed(device);
        Assert.That(mirror.Paths.Select(static path => path.Split('/')[0]).Distinct(StringComparer.Ordinal), Is.EquivalentTo(new[] { "targets", "tables", "packs" }));
        string[] content = [.. device.Server.Requests.Where(static path => !path.StartsWith("/repo/metadata/", StringComparison.Ordinal) && path != "/api/v1/check-in")];
        Assert.That(content, Is.EqualTo(mirror.Paths.Select(static path => "/repo/" + path)), "all of it by way of the mirror");
    }

    [TestCase("away")]
    [TestCase("missing")]
    [TestCase("broken")]
    [TestCase("wrong")]
    [TestCase("short")]
    [Proves("W-46")]
    public async Task Mirror_that_fails_is_done_without(string how)
    {
        using SimulatedDevice device = Offered(out _);
        using Mirror mirror = new(device.Server)
        {
            Instead = _ => how switch
            {
                "away" => throw new HttpRequestException("connection refused"),
                "missing" => new HttpResponseMessage(HttpStatusCode.NotFound),
                "broken" => new HttpResponseMessage(HttpStatusCode.BadGateway),
                "wrong" => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(new byte[100_000]) },
                _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([1, 2, 3]) },
            },
        };
        device.Mirrors = [mirror.Source];
        await device.RunAsync();
        AssertConfirmed(device);
        Assert.That(mirror.Paths, Is.Not.Empty);
        Assert.That(device.Log.All, Has.Some.EndsWith("; going on with fleet.example"));
        Assert.That(device.Server.Reports.Select(static report => report.State), Has.None.EqualTo(ReportState.Failed));
    }

    [Test]
    [Proves("W-41", "W-46")]
    public async Task A29_Frame_that_one_source_began_is_fetched_as_a_whole_from_the_next()
    {
        using SimulatedDevice device = Offered(out _);
        int asked = 0;
        using Mirror mirror = new(device.Server)
        {
            // The transfer of frames breaks once, inside the first one; then the mirror is gone.
            Instead = request => request.RequestUri!.AbsolutePath.Contains("/packs/", StringComparison.Ordinal) && ++asked > 2 ? throw new HttpRequestException("connection refused") : null,
            BreaksAfter = 1500,
        };
        device.Mirrors = [mirror.Source];
        await device.RunAsync();
        AssertConfirmed(device);
        int index = Manifest.Packs.PackIndex.SizeFor(s_release.Table);
        Assert.That(device.Server.Ranges.Count(range => range == $"{s_release.Described.PackUri} {index}-{s_release.Pack.Length - 1}"), Is.EqualTo(2), "once by way of the mirror");
    }

    [Test]
    [Proves("W-47")]
    public async Task Timestamp_that_is_still_the_newest_is_not_sent_again()
    {
        using SimulatedDevice device = Offered(out _);
        await device.RunAsync();
        long sent = device.Server.Sent["metadata/timestamp.json"];
        device.Server.Assign(s_release.TargetPath);
        await device.RunAsync();
        Assert.That(device.Server.Reports[^1].State, Is.EqualTo(ReportState.Confirmed));
        Assert.That(device.Server.Sent["metadata/timestamp.json"], Is.EqualTo(sent));

        SampleRelease next = SampleRelease.Create("1.2.0", sequence: 3);
        device.Server.Offer(next);
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.2.0"), "a new one is");
    }

    [Test]
    [Proves("W-47")]
    public async Task A34_Tag_that_does_not_go_with_the_stored_timestamp_is_not_sent([Values("metadata/timestamp.etag", "metadata/timestamp.json")] string file)
    {
        using SimulatedDevice device = Offered(out _);
        await device.RunAsync();
        byte[] stored = device.Store.Read(file)!;
        stored[3] ^= 1;
        device.Store.Replace(file, stored);
        List<string> tags = [];
        device.Server.Instead = request =>
        {
            tags.AddRange(request.Headers.IfNoneMatch.Select(static tag => tag.ToString()));
            return null;
        };
        device.Server.Assign(s_release.TargetPath);
        await device.RunAsync();
        Assert.That(tags, Is.Empty);
        Assert.That(device.Server.Reports[^1].State, Is.EqualTo(ReportState.Confirmed));
    }

    [Test]
    [Proves("W-47")]
    public async Task A03_Server_that_always_says_not_modified_freezes_no_longer_than_the_timestamp_lives()
    {
        using SimulatedDevice device = Offered(out _);
        await device.RunAsync();
        device.Server.Instead = static request => request.RequestUri!.AbsolutePath.EndsWith("/timestamp.json", StringComparison.Ordinal) ? new HttpResponseMessage(HttpStatusCode.NotModified) : null;
        device.Server.Assign(s_release.TargetPath);
        await device.RunAsync();
        Assert.That(device.Server.Reports[^1].State, Is.EqualTo(ReportState.Confirmed), "the case at hand");

        device.Server.Repository.Now = device.Server.Repository.Timestamp.Expires;
        device.Server.Assign(s_release.TargetPath);
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Unavailable)?.Message, Is.EqualTo("timestamp.json: the server answered 304"));
    }

    [Test]
    [Proves("W-48")]
    public void Next_check_in_is_never_before_the_time_asked_for_and_not_long_after()
    {
        double chance = 0;
        PollSchedule schedule = new(TimeSpan.FromSeconds(60), new NetworkSettings { PollJitter = 0.25 }, () => chance);
        AgentOutcome hour = new AgentOutcome.Idle(TimeSpan.FromHours(1)), refused = new AgentOutcome.Refused(new Rejection(RejectionReason.FailedBefore, "x"), TimeSpan.FromSeconds(90));
        Assert.That(schedule.Next(hour), Is.EqualTo(TimeSpan.FromMinutes(60)));
        chance = 0.999;
        Assert.That(schedule.Next(hour), Is.GreaterThan(TimeSpan.FromMinutes(74.9)).And.LessThan(TimeSpan.FromMinutes(75)));
        chance = 0.5;
        Assert.That(schedule.Next(refused), Is.EqualTo(TimeSpan.FromSeconds(90 * 1.125)));
        chance = 0;
        Assert.That(schedule.Next(new AgentOutcome.Idle(TimeSpan.FromSeconds(1))), Is.EqualTo(TimeSpan.FromSeconds(60)), "the device's own floor");
    }

    [Test]
    [Proves("W-43", "W-48")]
    public void Without_a_server_the_waits_grow_up_to_five_minutes_or_to_what_it_asked_for()
    {
        PollSchedule schedule = new(TimeSpan.FromSeconds(60), new NetworkSettings { PollJitter = 0, MaxRetryAfter = TimeSpan.FromHours(2) }, static () => 0.5);
        AgentOutcome away = new AgentOutcome.Unavailable("away");
        Assert.That(Enumerable.Range(0, 4).Select(_ => schedule.Next(away).TotalSeconds), Is.EqualTo(new[] { 120, 240, 300, 300 }));
        Assert.That(schedule.Next(new AgentOutcome.Unavailable("busy") { RetryAfter = TimeSpan.FromMinutes(45) }), Is.EqualTo(TimeSpan.FromMinutes(45)));
        Assert.That(schedule.Next(new AgentOutcome.Unavailable("busy") { RetryAfter = TimeSpan.FromDays(400) }), Is.EqualTo(TimeSpan.FromHours(2)), "the device's bound");
        Assert.That(schedule.Next(new AgentOutcome.Unavailable("busy") { RetryAfter = TimeSpan.Zero }), Is.EqualTo(TimeSpan.FromMinutes(1)), "the device's floor");
    }

    private static SimulatedDevice Offered(out SimulatedClock waits)
    {
        SimulatedDevice device = new();
        device.Server.Offer(s_release);
        waits = new SimulatedClock(device.Server.Repository) { SkipsBelow = TimeSpan.MaxValue };
        device.Retry = RetryPolicy.Create(waits, TimeSpan.FromMilliseconds(250), maxRetryAfter: s_mostRetryAfter);
        return device;
    }

    /// <summary>How long the device waits when it asks for the pack, and is told once to wait.</summary>
    private static async Task<TimeSpan> WaitAfterAsync(HttpStatusCode status, RetryConditionHeaderValue after, DateTimeOffset? date = null)
    {
        using SimulatedDevice device = Offered(out SimulatedClock waits);
        bool wasBusy = false;
        device.Server.Instead = request =>
        {
            if (wasBusy || request.RequestUri!.AbsolutePath != PackPath)
            {
                return null;
            }

            wasBusy = true;
            return Busy(status, after, date);
        };
        await device.RunAsync();
        AssertConfirmed(device);
        return waits.Passed;
    }

    private static HttpResponseMessage Busy(HttpStatusCode status, RetryConditionHeaderValue after, DateTimeOffset? date) =>
        new(status) { Headers = { RetryAfter = after, Date = date } };

    private static void AssertConfirmed(SimulatedDevice device) =>
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"), string.Join('\n', device.Log.All));

    /// <summary>A server that has accepted a request, and says no more.</summary>
    private sealed class SilentStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return 0;
        }
    }

    /// <summary>A copy of the repository under another address.</summary>
    private sealed class Mirror : HttpMessageHandler
    {
        private readonly HttpMessageInvoker _origin;

        public Mirror(FleetServer server)
        {
            _origin = new HttpMessageInvoker(server, disposeHandler: false);
            Source = new RepositorySource(new Uri("https://cdn.example/fota/"), new HttpClient(this, disposeHandler: false));
        }

        public RepositorySource Source { get; }

        /// <summary>What was asked for, below the address.</summary>
        public IList<string> Paths { get; } = [];

        public Func<HttpRequestMessage, HttpResponseMessage?> Instead { get; init; } = static _ => null;

        /// <summary>After how many bytes of a pack its transfer breaks.</summary>
        public int? BreaksAfter { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string path = request.RequestUri!.AbsolutePath["/fota/".Length..];
            Paths.Add(path);
            HttpResponseMessage? response = Instead(request);
            if (response is null)
            {
                using HttpRequestMessage forwarded = new(HttpMethod.Get, new Uri($"https://fleet.example/repo/{path}"));
                forwarded.Headers.Range = request.Headers.Range;
                response = await _origin.SendAsync(forwarded, cancellationToken);
                if (BreaksAfter is { } most)
                {
                    byte[] bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                    ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
                    response.Content = new ByteArrayContent(bytes, 0, Math.Min(bytes.Length, most)) { Headers = { ContentRange = range } };
                }
            }

            response.RequestMessage = request;
            return response;
        }

        protected override void Dispose(bool disposing)
        {
            Source.Http.Dispose();
            _origin.Dispose();
            base.Dispose(disposing);
        }
    }
}
