using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Time;

/// <summary>What a device takes the time to be when its clock is dead, slow or fast, and how it comes back.</summary>
public sealed class DeviceClockTests
{
    private static readonly DateTimeOffset s_truth = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    [Proves("T-1", "T-2")]
    public void A03_Time_is_never_earlier_than_the_sources_of_the_agent()
    {
        using SimulatedDevice device = new() { Built = s_truth.AddDays(-10) };
        device.Server.Repository.Now = DateTimeOffset.UnixEpoch;
        Assert.That(device.Time.Now, Is.EqualTo(s_truth.AddDays(-10)));
        device.Server.Repository.Now = s_truth;
        Assert.That(device.Time.Now, Is.EqualTo(s_truth));
    }

    [Test]
    [Proves("T-2")]
    public void The_date_of_the_sources_is_part_of_the_agent() =>
        Assert.That(DeviceClock.Open(new FileDurableStore(Path.GetTempPath() + "/fota-no-such-device"), new DeadClock()).Now, Is.GreaterThanOrEqualTo(s_truth));

    [Test]
    [Proves("T-1")]
    public async Task A03_Time_is_never_earlier_than_the_last_boot()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        device.Server.Repository.Now = s_truth.AddDays(3);
        await device.PowerOn().ResumeAsync(CancellationToken.None);
        device.Server.Repository.Now = DateTimeOffset.UnixEpoch;
        await device.PowerOn().ResumeAsync(CancellationToken.None);
        Assert.That(device.Time.Now, Is.EqualTo(s_truth.AddDays(3)));
    }

    [Test]
    [Proves("T-3", "T-4", "T-8")]
    public async Task A03_Clock_that_ran_ahead_over_a_boot_locks_nothing_out()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        device.Server.Repository.Now = s_truth.AddYears(50);
        device.Server.Assign("infusion-pump/1.1.0/manifest.suit");
        Assert.That(((AgentOutcome.Refused)await device.RunAsync()).Rejection.Reason, Is.EqualTo(RejectionReason.MetadataExpired));
        Assert.That((device.Server.Reports[^1].Reason, device.Server.Reports[^1].Time.Year), Is.EqualTo((RejectionReason.MetadataExpired, 2076)), "whoever could mend the clock is told");

        device.Server.Repository.Now = s_truth.AddDays(31);
        Assert.That(device.Time.Now, Is.EqualTo(s_truth.AddDays(31)), "no more than the timestamp's expiry was kept");
        Republish(device.Server.Repository);
        device.Server.Offer(SampleRelease.Create("1.1.1", sequence: 3));
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.1"));
    }

    [TestCase(false, TestName = "A03_Device_whose_metadata_expired_on_a_shelf_comes_back_with_a_right_clock")]
    [TestCase(true, TestName = "A03_Device_whose_metadata_expired_on_a_shelf_comes_back_with_a_dead_clock")]
    [Proves("T-9")]
    public async Task A03_Device_whose_metadata_expired_on_a_shelf_comes_back(bool isDead)
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        byte[] old = repository.Current(repository.Timestamp);

        // Three years later; the roots of the years between have expired too.
        for (int year = 1; year <= 3; year++)
        {
            repository.Now = s_truth.AddYears(year);
            Republish(repository);
        }

        device.Server.Offer(SampleRelease.Create("2.0.0", sequence: 3));
        repository.Now = isDead ? DateTimeOffset.UnixEpoch : repository.Now;
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("2.0.0"));

        repository.Files["timestamp.json"] = old;
        device.Server.Assign("infusion-pump/2.0.0/manifest.suit");
        Assert.That(((AgentOutcome.Refused)await device.RunAsync()).Rejection.Reason, Is.EqualTo(RejectionReason.MetadataRollback), "what expired is still the reference");
    }

    [TestCase(0, true)]
    [TestCase(29, true)]
    [TestCase(31, false)]
    [TestCase(-1, false)]
    [Proves("T-5")]
    public async Task Clock_is_plausible_between_the_floor_and_the_expiry_of_the_newest_timestamp(int days, bool plausible)
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        device.Server.Repository.Now = s_truth.AddDays(days);
        Assert.That(device.Time.Plausible is not null, Is.EqualTo(plausible));
    }

    [Test]
    [Proves("T-6")]
    public async Task Vouched_time_follows_the_clock_no_further_than_accepted_metadata_reaches()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        (int Days, int Vouched)[] cases = [(-400, 0), (0, 0), (10, 10), (30, 30), (4000, 30)];
        foreach ((int days, int vouched) in cases)
        {
            device.Server.Repository.Now = s_truth.AddDays(days);
            Assert.That(device.Time.Vouched, Is.EqualTo(s_truth.AddDays(vouched)), $"{days} days");
        }
    }

    [Test]
    [Proves("T-1")]
    public async Task Time_that_changed_little_is_not_written()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        byte[] before = device.Store.Read("state/time.json")!;
        device.Server.Repository.Now += TimeSpan.FromMinutes(59);
        await device.PowerOn().ResumeAsync(CancellationToken.None);
        Assert.That(device.Store.Read("state/time.json"), Is.EqualTo(before));
        device.Server.Repository.Now += TimeSpan.FromMinutes(1);
        await device.PowerOn().ResumeAsync(CancellationToken.None);
        Assert.That(device.Store.Read("state/time.json"), Is.Not.EqualTo(before));
    }

    [Test]
    public async Task P10_Unreadable_time_is_a_broken_device_and_not_the_year_1970()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        await File.WriteAllTextAsync(device.PathOf("state/time.json"), "{");
        Assert.That(() => device.Time, Throws.TypeOf<DeviceStateException>());
    }

    /// <summary>A year's renewal: a new root, and everything below it.</summary>
    private static void Republish(RepositorySimulator repository)
    {
        foreach (SimulatedRole role in (SimulatedRole[])[repository.Root, repository.Timestamp, repository.Snapshot, repository.Targets, repository.Pump])
        {
            role.Expires = repository.Now + TimeSpan.FromDays(30);
        }

        repository.PublishRoot();
        repository.PublishTargets();
        repository.PublishProduct(repository.Pump);
        repository.Publish();
    }

    private sealed class DeadClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;
    }
}
