using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.PowerCuts;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests;

/// <summary>
/// Promise P3: the power is cut at every operation on the medium, in every way that docs/power-cuts.md lists, and after each cut the device has to boot and
/// to come to its end with P1 to P4 kept.
/// </summary>
public sealed class PowerCutTests
{
    private static readonly CutBreadth s_single = new(Seed: 1, Combinations: 16);
    private static readonly CutBreadth s_some = new(Seed: 1, Combinations: 16, SecondCuts: 1, SecondCutOneIn: 40);

    [Test]
    public async Task A33_Cut_at_every_operation_of_two_updates_keeps_every_promise()
    {
        using CutScene scene = TwoUpdates();
        Judge(await CutRun.OfUpdatesAsync(scene, DeviceVariant.Product, s_some), atLeast: 150);
    }

    [Test]
    public async Task A33_Cut_at_every_operation_of_a_revert_and_of_the_update_after_it_keeps_every_promise()
    {
        using CutScene scene = Revert(ReleaseFate.FailsItsSelfTest);
        Judge(await CutRun.OfUpdatesAsync(scene, DeviceVariant.Product, s_some), atLeast: 150);
    }

    [Test]
    public async Task A33_Cut_at_every_operation_around_a_release_that_hangs_keeps_every_promise()
    {
        using CutScene scene = Revert(ReleaseFate.Hangs);
        Judge(await CutRun.OfUpdatesAsync(scene, DeviceVariant.Product, s_single), atLeast: 150);
    }

    [Test]
    public async Task A33_Cut_at_every_operation_of_an_update_by_delta_keeps_every_promise([Values] bool refused)
    {
        byte[] pack = [.. DeltaScene.Delta];
        pack[^1] ^= refused ? (byte)0x40 : (byte)0;
        using CutScene scene = new(new("1.0.0", 1) { Image = DeltaScene.Factory.Image }, new("1.1.0", 2) { Image = DeltaScene.Release.Image });
        scene.Publisher.OfferDelta(pack, DeltaScene.Factory.Image);
        Judge(await CutRun.OfUpdatesAsync(scene, DeviceVariant.Product, s_single with { Stride = 16 }), atLeast: 75);
    }

    [Test]
    public async Task A33_Cut_at_every_operation_of_the_factory_is_made_good_by_a_second_attempt()
    {
        using CutScene scene = new(new("1.0.0", 1), new("1.1.0", 2));
        Judge(await CutRun.OfManufactureAsync(scene, s_single), atLeast: 25);
    }

    [Test]
    [Category("Full")]
    public async Task A33_Pairs_of_cuts_keep_every_promise([Range(1, 4)] int seed, [Values] ReleaseFate fate)
    {
        using CutScene scene = fate == ReleaseFate.Works ? TwoUpdates() : Revert(fate);
        Judge(await CutRun.OfUpdatesAsync(scene, DeviceVariant.Product, new CutBreadth((ulong)seed, Combinations: 32, SecondCuts: 12, SecondCutOneIn: 12)), atLeast: 150);
    }

    [Test]
    [Category("Full")]
    public async Task A33_Cuts_in_updates_to_a_larger_image_keep_every_promise([Values(1, 2)] int seed)
    {
        using CutScene scene = new(Large("1.0.0", 1), Large("1.1.0", 2), Large("1.2.0", 2));
        Judge(await CutRun.OfUpdatesAsync(scene, DeviceVariant.Product, new CutBreadth((ulong)seed, Combinations: 64, SecondCuts: 1, SecondCutOneIn: 40) { Stride = 3 }), atLeast: 150);
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

    [Test]
    [Proves("W-3")]
    public async Task A02_Power_cut_in_a_root_rotation_does_not_let_an_old_timestamp_in()
    {
        using CutScene scene = new(new ReleasePlan("1.0.0", 1));
        RepositorySimulator repository = scene.Publisher.Repository;
        byte[] oldTimestamp = repository.Current(repository.Timestamp);
        scene.Publisher.Publish(SampleRelease.Create("1.1.0", sequence: 2));
        Dictionary<string, byte[]> before = Copy(repository.Files);
        repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
        repository.PublishRoot();
        repository.Publish();
        Dictionary<string, byte[]> rotated = Copy(repository.Files);

        // Whoever stands between device and server withholds the new root, and serves what was there long ago.
        Dictionary<string, byte[]> attack = new(before, StringComparer.Ordinal) { ["timestamp.json"] = oldTimestamp };

        using MediumDevice device = Device(scene, scene.Manufactured, before);
        await device.RunAsync();
        byte[] root = device.Store.Read("metadata/root.json")!;
        List<(string Where, SimulatedMedium Medium)> states = await CutWhileRefreshingAsync(device, rotated);
        int refusals = 0;
        foreach ((string where, SimulatedMedium medium) in states)
        {
            using MediumDevice after = Device(scene, medium, attack);
            if (!after.Store.Read("metadata/root.json").AsSpan().SequenceEqual(root))
            {
                continue;
            }

            Assert.That((await after.RunAsync() as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.MetadataRollback), where);
            refusals++;
        }

        Assert.That(refusals, Is.Positive.And.LessThan(states.Count), "the case at hand: cuts before the root was stored, and after");
    }

    [Test]
    [Proves("W-3")]
    public async Task A04_Power_cut_in_a_root_rotation_does_not_keep_a_fast_forwarded_timestamp()
    {
        using CutScene scene = new(new ReleasePlan("1.0.0", 1));
        RepositorySimulator repository = scene.Publisher.Repository;
        long version = repository.Timestamp.Version;
        repository.Timestamp.Version = long.MaxValue - 1;
        repository.PublishTimestamp();
        Dictionary<string, byte[]> forwarded = Copy(repository.Files);
        repository.Timestamp.Version = version;
        repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
        repository.PublishRoot();
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        scene.Publisher.Publish(release);
        Dictionary<string, byte[]> rotated = Copy(repository.Files);

        using MediumDevice device = Device(scene, scene.Manufactured, forwarded);
        await device.RunAsync();
        List<(string Where, SimulatedMedium Medium)> states = await CutWhileRefreshingAsync(device, rotated);
        Assert.That(states, Has.Count.GreaterThan(10), "the case at hand: the root and the files that it makes void");
        foreach ((string where, SimulatedMedium medium) in states)
        {
            using MediumDevice after = Device(scene, medium, rotated);
            after.Server.Assignment = new Assignment("deployment-1", release.TargetPath);
            UpdateAgent agent = after.PowerOn()!;
            await agent.ResumeAsync(CancellationToken.None);
            Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>(), where);
        }
    }

    private static CutScene TwoUpdates() => new(new("1.0.0", 1), new("1.1.0", 2), new("1.2.0", 3));

    private static CutScene Revert(ReleaseFate fate) => new(new("1.0.0", 1), new("1.2.0", 2, fate), new("1.2.1", 1));

    private static ReleasePlan Large(string version, uint security) => new(version, security) { Image = SampleRelease.ImageOf(version, 60_000) };

    private static void Judge(CutResult result, int atLeast)
    {
        TestContext.Out.WriteLine($"{TestContext.CurrentContext.Test.Name}: {result}");
        Assert.That(string.Join("\n\n", result.Broken.Select(static b => b.Message)), Is.Empty);
        Assert.That(result.Operations, Is.GreaterThan(atLeast), "a run changes more than this");
        Assert.That(result.States, Is.GreaterThan(result.Operations));
    }

    private static Dictionary<string, byte[]> Copy(IDictionary<string, byte[]> files) => new(files, StringComparer.Ordinal);

    private static MediumDevice Device(CutScene scene, SimulatedMedium medium, Dictionary<string, byte[]> metadata)
    {
        FleetServer server = scene.NewServer(0);
        server.Metadata = metadata;
        server.Assignment = new Assignment("deployment-0", "infusion-pump/9.9.9/manifest.suit");
        return new MediumDevice(scene, DeviceVariant.Product, medium.AfterCut(MediumCut.KeepsNothing), server, 1);
    }

    private static async Task<List<(string Where, SimulatedMedium Medium)>> CutWhileRefreshingAsync(MediumDevice device, Dictionary<string, byte[]> metadata)
    {
        CutStates cuts = new(s_single);
        List<(string Where, SimulatedMedium Medium)> states = [];
        device.Server.Metadata = metadata;
        device.Server.Assignment = new Assignment("deployment-0", "infusion-pump/9.9.9/manifest.suit");
        device.Medium.Done = step => states.AddRange(step.Path.Contains("/metadata", StringComparison.Ordinal) ? cuts.Of(device.Medium, step, "") : []);
        await device.RunAsync();
        return states;
    }

    private sealed class DeadCounter(SecurityVersion floor) : IRollbackCounter
    {
        public SecurityVersion Read() => floor;

        public SecurityVersion ReadHighest() => new(uint.MaxValue);

        public void Raise(ConfirmedUpdate update) => throw new PowerCutException();
    }
}
