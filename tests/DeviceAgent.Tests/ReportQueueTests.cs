using System.Net;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>No report, whatever is in it and whatever the server makes of it, keeps a device from being updated.</summary>
public sealed class ReportQueueTests
{
    private static readonly HttpStatusCode[] s_final =
        [HttpStatusCode.BadRequest, HttpStatusCode.Forbidden, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType, HttpStatusCode.UnprocessableEntity];

    [TestCase(255, "\U0001F600 sensor", 255, TestName = "P10_Detail_is_cut_between_characters")]
    [TestCase(250, "\U0001F600 sensor", 256, TestName = "P10_Detail_is_cut_to_the_longest_text_of_a_report")]
    public async Task P10_Detail_that_is_too_long_is_cut(int length, string end, int wanted)
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.StartUpdateAsync();
        for (int trial = 0; trial < SlotBootState.TrialBoots; trial++)
        {
            UpdateAgent agent = device.PowerOn();
            FileHealthCheck.Report(device.Store, new string('x', length) + end);
            Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        }

        await device.RunAsync();
        string detail = device.Server.Reports.Single(static r => r.State == ReportState.RolledBack).Detail!;
        Assert.That(detail, Has.Length.EqualTo(wanted));
        Assert.That(detail, Does.StartWith(new string('x', length)));
        Assert.That(device.Log.All, Has.None.Contains("ReportRefused"));
    }

    [Test]
    public async Task P3_Report_that_cannot_be_encoded_is_dropped_and_the_next_update_comes()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(WholeUpdateTests.Unhealthy("1.2.0", 2));
        device.Server.Refuses = static r => r.State == ReportState.RolledBack ? HttpStatusCode.Conflict : null;
        await device.RunAsync();
        string state = device.PathOf("state/agent.json"), text = await File.ReadAllTextAsync(state);
        await File.WriteAllTextAsync(state, text.Replace("\"detail\": \"occlusion sensor\"", $"\"detail\": \"{new string('x', 255)}\\ud83d\\ude00\"", StringComparison.Ordinal));
        device.Server.Refuses = static _ => null;

        device.Server.Offer(SampleRelease.Create("1.2.1", sequence: 3));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.1"));
    }

    [TestCaseSource(nameof(s_final))]
    public async Task P3_Report_that_the_server_refuses_for_good_is_dropped_and_the_next_update_comes(HttpStatusCode status)
    {
        using SimulatedDevice device = new();
        device.Server.Refuses = r => r.State == ReportState.RolledBack ? status : null;
        device.Server.Offer(WholeUpdateTests.Unhealthy("1.2.0", 2));
        await device.RunAsync();
        Assert.That(device.Status.QueuedReports, Is.Zero);
        Assert.That(device.Log.All, Has.Some.Match($"^refused: ReportRefused: report .*RolledBack.* got check-in: the server answered {(int)status}$"));

        device.Server.Offer(SampleRelease.Create("1.2.1", sequence: 3));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.1"));
    }

    [TestCase(HttpStatusCode.Unauthorized)]
    [TestCase(HttpStatusCode.Conflict)]
    [TestCase(HttpStatusCode.InternalServerError)]
    public async Task Report_that_the_server_may_take_another_time_is_kept(HttpStatusCode status)
    {
        using SimulatedDevice device = new();
        device.Server.Refuses = r => r.State == ReportState.RolledBack ? status : null;
        device.Server.Offer(WholeUpdateTests.Unhealthy("1.2.0", 2));
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Unavailable>());
        Assert.That(device.Status.QueuedReports, Is.EqualTo(1));
        device.Server.Refuses = static _ => null;
        await device.RunAsync();
        Assert.That(device.Server.Reports.Count(static r => r.State == ReportState.RolledBack), Is.EqualTo(1));
    }
}
