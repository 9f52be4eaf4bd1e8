using System.Globalization;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>
/// Promise P3: the power is cut at operation 0, 1, 2, ... of agent and bootloader until a run needs no more of them. That something boots, not
/// below the floor, and that the floor never falls, is checked by <see cref="SimulatedDevice.PowerOn"/> at every boot.
/// </summary>
public sealed class PowerCutTests
{
    [Test]
    public async Task P3_Kill_at_every_journal_step_leaves_a_bootable_device([Values] PowerCut flavour)
    {
        SampleRelease factory = SampleRelease.Create("1.0.0", sequence: 1), release = SampleRelease.Create("1.1.0", sequence: 2, security: 2);
        int cuts = await CutEverywhereAsync(flavour, factory, async device =>
        {
            device.Server.Offer(release);
            await device.RunAsync();
            Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
            Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
            Assert.That(device.Status.Step, Is.Null);
            Assert.That(device.Floor.Value, Is.EqualTo(2));
            Assert.That(device.Record.B.Successful, Is.True);
            Assert.That(device.Record.A, Is.EqualTo(SlotBootState.Unbootable));
            Assert.That(device.Server.States.Distinct(), Is.EqualTo(new[] { ReportState.Installing, ReportState.Activated, ReportState.Confirmed }));
        });
        Assert.That(cuts, Is.GreaterThan(20), "a whole update changes more than this");
    }

    [Test]
    public async Task P3_Kill_at_every_step_of_a_rollback_and_of_the_update_after_it_leaves_a_bootable_device([Values] PowerCut flavour)
    {
        SampleRelease factory = SampleRelease.Create("1.0.0", sequence: 1), bad = WholeUpdateTests.Unhealthy("1.2.0", 2, security: 2), good = SampleRelease.Create("1.2.1", sequence: 3);
        await CutEverywhereAsync(flavour, factory, async device =>
        {
            device.Server.Offer(bad);
            await device.RunAsync();
            Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.0.0"));
            Assert.That(device.Server.Reports.Last(static r => r.State != ReportState.Idle).State, Is.EqualTo(ReportState.RolledBack));
            Assert.That(device.Floor.Value, Is.EqualTo(1));

            device.Server.Offer(good);
            await device.RunAsync();
            Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.1"));
            Assert.That(device.Status.LastFailure, Is.Null);
        });
    }

    [Test]
    public async Task P3_Power_cut_in_the_factory_is_made_good_by_a_second_attempt([Values] PowerCut flavour)
    {
        int cuts = await CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), async device =>
        {
            int? cut = device.Power.CutAt - device.Power.Operations;
            Directory.Delete(device.Folder, recursive: true);
            Directory.CreateDirectory(device.Folder);
            device.Power.CutAt = device.Power.Operations + cut;
            try
            {
                device.Manufacture();
            }
            catch (PowerCutException)
            {
                device.Power.Restore();
                if (File.Exists(device.PathOf("boot/record.0")))
                {
                    return; // it was through
                }

                device.Manufacture();
            }

            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
            await device.RunAsync();
            Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
        });
        Assert.That(cuts, Is.GreaterThan(5));
    }

    [Test]
    public void P3_Second_manufacture_is_refused_and_leaves_the_image()
    {
        using SimulatedDevice device = new();
        File.WriteAllText(device.Reader.PathOf(SlotName.A), "what runs");
        Assert.That(device.Manufacture, Throws.TypeOf<Storage.DeviceStateException>().With.Message.EqualTo("manufacture: wanted a new device, got one that has a boot record"));
        Assert.That(File.ReadAllText(device.Reader.PathOf(SlotName.A)), Is.EqualTo("what runs"));
    }

    [Test]
    [Proves("W-3")]
    public async Task A02_Power_cut_in_a_root_rotation_does_not_let_an_old_timestamp_in([Values] PowerCut flavour)
    {
        int refusals = 0;
        await CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), async device =>
        {
            RepositorySimulator repository = device.Server.Repository;
            int? cut = device.Power.CutAt - device.Power.Operations;
            device.Power.CutAt = null;
            byte[] oldTimestamp = repository.Current(repository.Timestamp), oldSnapshot = repository.Current(repository.Snapshot);
            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
            await device.RunAsync();
            byte[] root = device.Store.Read("metadata/root.json")!;
            repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
            repository.PublishRoot();
            repository.Publish();
            device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
            UpdateAgent agent = device.PowerOn();
            await agent.ResumeAsync(CancellationToken.None);
            device.Power.CutAt = device.Power.Operations + cut;
            try
            {
                await agent.CheckInAsync(CancellationToken.None);
            }
            catch (PowerCutException)
            {
                device.Power.Restore();
            }

            if (!device.Store.Read("metadata/root.json").AsSpan().SequenceEqual(root))
            {
                return;
            }

            // Whoever stands between device and server withholds the new root, and serves what was there long ago.
            repository.Files.Remove("2.root.json");
            repository.Files["timestamp.json"] = oldTimestamp;
            repository.Files["1.snapshot.json"] = oldSnapshot;
            device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
            AgentOutcome outcome = await device.RunAsync();
            Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.MetadataRollback));
            refusals++;
        });
        Assert.That(refusals, Is.Positive, "the case at hand: cuts before the root was stored");
    }

    [Test]
    [Proves("W-3")]
    public async Task A04_Power_cut_in_a_root_rotation_does_not_keep_a_fast_forwarded_timestamp([Values] PowerCut flavour) =>
        await CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), async device =>
        {
            RepositorySimulator repository = device.Server.Repository;
            int? cut = device.Power.CutAt - device.Power.Operations;
            device.Power.CutAt = null;
            long version = repository.Timestamp.Version;
            repository.Timestamp.Version = long.MaxValue - 1;
            repository.PublishTimestamp();
            device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
            await device.RunAsync();

            repository.Timestamp.Version = version;
            repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
            repository.PublishRoot();
            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
            device.Power.CutAt = device.Power.Operations + cut;
            await device.RunAsync();
            Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
        });

    [Test]
    public async Task A36_Power_cut_between_confirm_and_raise_loses_neither_image_nor_floor()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 5));
        await device.StartUpdateAsync();
        device.Counter = static _ => new DeadCounter(new SecurityVersion(1));
        UpdateAgent agent = device.PowerOn();
        await Assert.ThrowsAsync<PowerCutException>(() => agent.ResumeAsync(CancellationToken.None));
        Assert.That(device.Record.B.Successful, Is.True, "the case at hand: confirmed");
        Assert.That(device.Floor.Value, Is.EqualTo(1), "the case at hand: not raised");

        device.Counter = static counter => counter;
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Floor.Value, Is.EqualTo(5));
    }

    internal static async Task<int> CutEverywhereAsync(PowerCut flavour, SampleRelease factory, Func<SimulatedDevice, Task> scenario)
    {
        for (int operation = 0; ; operation++)
        {
            using SimulatedDevice device = new(factory);
            device.Power.CutAt = device.Power.Operations + operation;
            device.Power.Flavour = flavour;
            try
            {
                await scenario(device);
            }
            catch (AssertionException e)
            {
                throw new AssertionException($"cut {flavour} operation {operation.ToString(CultureInfo.InvariantCulture)}: {e.Message}\n{string.Join('\n', device.Log.All)}", e);
            }

            if (!device.Power.HasCut)
            {
                return operation;
            }
        }
    }

    private sealed class DeadCounter(SecurityVersion floor) : IRollbackCounter
    {
        public SecurityVersion Read() => floor;

        public SecurityVersion ReadHighest() => new(uint.MaxValue);

        public void Raise(ConfirmedUpdate update) => throw new PowerCutException();
    }
}
