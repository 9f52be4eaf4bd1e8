using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>A product line whose releases lie in hash bins, on the device.</summary>
public sealed class HashBinUpdateTests
{
    [Test]
    [Proves("W-29")]
    public async Task Release_in_a_hash_bin_is_installed_and_only_its_bin_is_fetched()
    {
        using SimulatedDevice device = new();
        RepositorySimulator.AddBins(device.Server.Repository.Pump);
        device.Server.Offer(SampleRelease.Create());
        await device.RunAsync();
        Assert.That(device.Server.States, Does.Contain(ReportState.Confirmed));
        Assert.That(device.Server.Requests.Where(static path => path.StartsWith("/repo/metadata/1.infusion-pump.", StringComparison.Ordinal) && !path.EndsWith("pump.json", StringComparison.Ordinal)), Has.Exactly(1).Items);
    }

    [Test]
    [Proves("R-8")]
    public async Task A09_Release_in_a_bin_with_a_lower_threshold_is_refused_before_it_is_fetched()
    {
        using SimulatedDevice device = new();
        RepositorySimulator.AddBins(device.Server.Repository.Pump);
        foreach (SimulatedBin bin in device.Server.Repository.Pump.Bins)
        {
            bin.Threshold = 1;
        }

        device.Server.Offer(SampleRelease.Create());
        await device.RunAsync();
        Assert.That(device.Status.LastFailure?.Reason, Is.EqualTo(RejectionReason.ForeignBinKeys));
        Assert.That(device.Server.Requests, Has.None.Contains("/targets/"));
    }

    [Test]
    [Proves("W-29")]
    public async Task A01_Release_of_this_product_in_a_bin_of_another_is_refused_before_it_is_fetched()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        SampleRelease release = SampleRelease.Create();
        SimulatedProduct other = repository.AddProduct("syringe-pump");
        other.Paths = repository.Pump.Paths;
        RepositorySimulator.AddBins(other);
        repository.AddTarget(release.TargetPath, release.SignedBy([.. other.Keys]).Bytes.ToArray(), other);
        repository.PublishTargets();
        repository.Publish();
        device.Server.Assign(release.TargetPath);
        await device.RunAsync();
        Assert.That(device.Status.LastFailure?.Reason, Is.EqualTo(RejectionReason.UnknownRole));
        Assert.That(device.Server.Requests, Has.None.Contains("/targets/"));
    }
}
