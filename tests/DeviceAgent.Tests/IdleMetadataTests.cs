using System.Net;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>What a device to which nothing is assigned does about metadata.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class IdleMetadataTests : IDisposable
{
    private const string Timestamp = "/repo/metadata/timestamp.json";

    private readonly SimulatedDevice _device = new();
    private readonly MemoryLog _log = new("updates.example/audit");
    private UpdateAgent _agent = null!;

    [SetUp]
    public async Task StartAsync()
    {
        // A root lives for long: what expires is what the timestamp says.
        _device.Server.Repository.Root.Expires = _device.Server.Repository.Now.AddYears(1);
        _device.Server.Repository.PublishRoot();
        await RestartAsync();
    }

    public void Dispose() => _device.Dispose();

    [Test]
    [Proves("W-52", "W-50")]
    public async Task A51_Device_that_is_asked_for_nothing_pins_the_logs_and_says_what_was_done_to_them()
    {
        _device.Server.Repository.ServerLogs.Add(_log.AppendNumbered(5));
        _device.Server.Repository.PublishTimestamp();
        await IsIdleAsync(RejectionReason.None);
        string pinned = Stored();
        _device.Server.Repository.ServerLogs[0] = new MemoryLog("updates.example/audit").AppendNumbered(9);
        _device.Server.Repository.PublishTimestamp();
        Pass(IdleMetadata.Every);
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.ForeignLog);
        Assert.That(Stored(), Is.EqualTo(pinned));
        await RestartAsync();
        await IsIdleAsync(RejectionReason.ForeignLog);
    }

    [Test]
    [Proves("W-52")]
    public async Task A03_Repository_that_stands_still_is_told_of_until_it_goes_on()
    {
        await IsIdleAsync(RejectionReason.None);
        Pass(TimeSpan.FromDays(31));
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.MetadataExpired);
        Assert.That(_device.Server.Reports[^1].Detail, Does.StartWith("timestamp: wanted an expiry after 2026-02-01"));
        _device.Server.PublishAt(_device.Server.Repository.Now);
        await IsIdleAsync(RejectionReason.MetadataExpired);
        Pass(IdleMetadata.Again);
        await IsIdleAsync(RejectionReason.MetadataExpired);
        await IsIdleAsync(RejectionReason.None);
    }

    [Test]
    [Proves("W-52")]
    public async Task A53_What_is_wrong_is_said_in_the_same_words_for_as_long_as_it_is_the_same()
    {
        await IsIdleAsync(RejectionReason.None);
        Pass(TimeSpan.FromDays(31));
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.MetadataExpired);
        string? said = _device.Server.Reports[^1].Detail;
        for (int look = 3; look < 6; look++)
        {
            Pass(IdleMetadata.Again);
            await IsIdleAsync(RejectionReason.MetadataExpired);
            await IsIdleAsync(RejectionReason.MetadataExpired);
            Assert.That((Looks, _device.Server.Reports[^1].Detail), Is.EqualTo((look, said)));
        }
    }

    [TestCase(HttpStatusCode.NotFound)]
    [TestCase(HttpStatusCode.ServiceUnavailable)]
    [Proves("W-52")]
    public async Task A03_Metadata_that_is_withheld_is_told_of_when_the_last_has_expired(HttpStatusCode status)
    {
        await IsIdleAsync(RejectionReason.None);
        _device.Server.Instead = request => request.RequestUri!.AbsolutePath == Timestamp ? new HttpResponseMessage(status) { Content = new ByteArrayContent([]) } : null;
        Pass(IdleMetadata.Every);
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.None);
        Assert.That(_device.Log.All, Has.Some.StartsWith("waiting: "));
        Pass(TimeSpan.FromDays(30));
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.MetadataExpired);
        Assert.That(_device.Server.Reports[^1].Detail, Does.StartWith("timestamp: wanted one that is not expired, got none: "));
    }

    [TestCase(HttpStatusCode.NotFound)]
    [TestCase(HttpStatusCode.ServiceUnavailable)]
    [Proves("W-52")]
    public async Task Device_that_never_accepted_a_timestamp_waits_for_the_first_publication(HttpStatusCode status)
    {
        _device.Server.Instead = request => request.RequestUri!.AbsolutePath == Timestamp ? new HttpResponseMessage(status) { Content = new ByteArrayContent([]) } : null;
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.None);
        Assert.That(_device.Log.All, Has.Some.StartsWith("waiting: "));
    }

    [Test]
    [Proves("W-52")]
    public async Task Timestamp_is_asked_for_once_a_day_however_often_the_agent_starts_and_snapshot_and_targets_are_not()
    {
        for (int hour = 0; hour < 48; hour++)
        {
            await IsIdleAsync(RejectionReason.None);
            await RestartAsync();
            Pass(TimeSpan.FromHours(1));
        }

        Assert.That(Looks, Is.EqualTo(2));
        Assert.That(_device.Server.Requests, Has.None.Contains("snapshot").And.None.Contains("targets"));
    }

    [Test]
    [Proves("W-52")]
    public async Task Clock_that_was_set_back_keeps_no_device_from_looking()
    {
        _device.Server.Repository.Now += TimeSpan.FromDays(20);
        await RestartAsync();
        await IsIdleAsync(RejectionReason.None);
        new State.StateStore(_device.Store).Update(static state => state with { Metadata = state.Metadata! with { At = state.Metadata.At.AddYears(5) } });
        await RestartAsync();
        await IsIdleAsync(RejectionReason.None);
        Assert.That(Looks, Is.EqualTo(2));
    }

    [Test]
    [Proves("W-52")]
    public async Task A03_Clock_that_stands_behind_the_last_look_keeps_no_device_from_the_next()
    {
        await IsIdleAsync(RejectionReason.None);
        SetBack();
        await IsIdleAsync(RejectionReason.None);
        Assert.That(Looks, Is.EqualTo(1));
        _device.Uptime += IdleMetadata.Every;
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.None);
        Assert.That(Looks, Is.EqualTo(2));
    }

    [Test]
    [Proves("W-52")]
    public async Task A03_Clock_that_stands_behind_the_last_look_has_an_agent_look_once_when_it_starts()
    {
        await IsIdleAsync(RejectionReason.None);
        SetBack();
        for (int look = 2; look < 4; look++)
        {
            await RestartAsync();
            await IsIdleAsync(RejectionReason.None);
            await IsIdleAsync(RejectionReason.None);
            Assert.That(Looks, Is.EqualTo(look));
        }
    }

    [Test]
    [Proves("W-52")]
    public async Task Update_ends_what_was_wrong_with_metadata()
    {
        await IsIdleAsync(RejectionReason.None);
        Pass(TimeSpan.FromDays(31));
        await IsIdleAsync(RejectionReason.None);
        await IsIdleAsync(RejectionReason.MetadataExpired);
        _device.Server.PublishAt(_device.Server.Repository.Now);
        _device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        Assert.That(await _agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(await _device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>());
        await RestartAsync();
        await IsIdleAsync(RejectionReason.None);
    }

    private async Task IsIdleAsync(RejectionReason said)
    {
        Assert.That(await _agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
        DeviceReport report = _device.Server.Reports[^1];
        Assert.That((report.State, report.Deployment, report.Reason), Is.EqualTo((ReportState.Idle, (string?)null, said)), report.Detail);
    }

    private void Pass(TimeSpan time)
    {
        _device.Server.Repository.Now += time;
        _device.Uptime += time;
    }

    private async Task RestartAsync()
    {
        _agent = _device.PowerOn();
        Assert.That(await _agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
    }

    private int Looks => _device.Server.Requests.Count(static path => path == Timestamp);

    // As a clock does that somebody sets, or that lost its battery.
    private void SetBack() => _device.Server.Repository.Now -= TimeSpan.FromDays(365);

    private string Stored() => File.ReadAllText(_device.PathOf("metadata/timestamp.json"));
}
