using System.Diagnostics;
using System.Diagnostics.Metrics;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Product;

[NonParallelizable]
public sealed class TelemetryTests
{
    [Test]
    public async Task Passes_are_spans_and_are_counted_with_what_they_came_to()
    {
        List<string> spans = [], counts = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == AgentTelemetry.Name,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => spans.Add($"{activity.OperationName} {activity.GetTagItem("fota.outcome")}"),
        };
        ActivitySource.AddActivityListener(listener);
        using MeterListener meters = new()
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Meter.Name == AgentTelemetry.Name)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => counts.Add($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(static tag => tag.Value))} {value}"));
        meters.Start();

        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("0.9.0", sequence: 1));
        await device.StartUpdateAsync();
        Assert.That(spans, Is.EqualTo(new[] { "resume idle", "check-in refused" }));
        Assert.That(counts, Is.EqualTo(new[] { "fota.agent.passes resume idle 1", "fota.agent.passes check-in refused 1", "fota.agent.refusals SequenceReused 1" }));
    }
}
