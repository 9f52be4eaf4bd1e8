using System.Text.RegularExpressions;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>What is refused before anything on the device changes: the reason is named, and boot record, slots and counter are what they were.</summary>
public sealed class RefusalTests
{
    [Test]
    public async Task A01_Unsigned_manifest_is_refused()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create();
        device.Server.Repository.AddTarget(release.TargetPath, Fota.Manifest.Envelope.SignedEnvelope.Begin(release.Manifest).Bytes.ToArray());
        device.Server.Repository.Publish();
        device.Server.Assign(release.TargetPath);
        await RefusesAsync(device, RejectionReason.NoSignatures);
    }

    [Test]
    public async Task A01_Manifest_signed_by_keys_of_another_product_is_refused()
    {
        using SimulatedDevice device = new();
        SimulatedProduct other = device.Server.Repository.AddProduct("syringe-pump");
        device.Server.Offer(SampleRelease.Create(), [.. other.Keys]);
        await RefusesAsync(device, RejectionReason.ThresholdNotMet);
    }

    [Test]
    public async Task A21_Nothing_that_a_release_says_is_acted_upon_before_enough_keys_have_signed_it()
    {
        using SimulatedDevice device = new();
        ScriptedGate gate = new();
        device.Gates = [gate];
        SampleRelease release = SampleRelease.Create();
        device.Server.Offer(release, device.Server.Repository.Pump.Keys[0]);
        await RefusesAsync(device, RejectionReason.ThresholdNotMet);
        Assert.That(gate.Asked, Is.Empty, "no program of the device runs for it");
        Assert.That(device.Server.Requests.Where(static path => path.Contains("/tables/", StringComparison.Ordinal) || path.Contains("/packs/", StringComparison.Ordinal)), Is.Empty, "nothing that it names is fetched");
        Assert.That(device.Slots!.Opened, Is.Empty);

        device.Server.Offer(SampleRelease.Create("1.1.1", sequence: 3));
        await device.StartUpdateAsync();
        Assert.That(gate.Asked, Is.Not.Empty, "the case at hand: it is asked for a release that is signed");
        Assert.That(device.Server.Requests, Has.Some.Contains("/packs/"));
    }

    [Test]
    [Proves("W-29")]
    public async Task A01_Release_that_the_role_of_another_product_lists_is_refused_before_it_is_fetched()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        SimulatedProduct other = repository.AddProduct("syringe-pump");
        SampleRelease release = SampleRelease.Create();
        string path = RepositorySimulator.PathOf("1.1.0", "syringe-pump");
        repository.AddTarget(path, release.SignedBy([.. other.Keys]).Bytes.ToArray(), other);
        repository.Publish();
        device.Server.Assign(path);
        Rejection rejection = await RefusesAsync(device, RejectionReason.UnknownRole);
        Assert.That(rejection.Detail, Does.EndWith("wanted a target of role infusion-pump, got one of role syringe-pump"));
        Assert.That(device.Server.Requests, Has.None.Contains("/targets/"));
    }

    [Test]
    [Proves("W-29")]
    public async Task A09_Release_that_the_top_level_targets_list_is_refused_before_it_is_fetched()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        SampleRelease release = SampleRelease.Create();
        byte[] envelope = release.SignedBy(repository.Targets.Keys[0]).Bytes.ToArray();
        repository.TopLevelTargets[release.TargetPath] = new TargetFile(envelope.Length, Sha256Digest.Of(envelope));
        repository.PublishTargets();
        repository.Publish();
        device.Server.Assign(release.TargetPath);
        Rejection rejection = await RefusesAsync(device, RejectionReason.UnknownRole);
        Assert.That(rejection.Detail, Does.EndWith("wanted a target of role infusion-pump, got one of role targets"));
        Assert.That(device.Server.Requests, Has.None.Contains("/targets/"));
    }

    [Test]
    public async Task A01_Release_that_no_role_lists_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
        await RefusesAsync(device, RejectionReason.TargetNotFound);
    }

    [Test]
    public async Task A02_Old_timestamp_is_refused()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        byte[] old = repository.Current(repository.Timestamp);
        SampleRelease release = SampleRelease.Create();
        device.Server.Offer(release);
        await device.RunAsync();
        repository.Files["timestamp.json"] = old;
        device.Server.Assign(release.TargetPath);
        Rejection rejection = await RefusesAsync(device, RejectionReason.MetadataRollback);
        Assert.That(rejection.Detail, Does.StartWith("timestamp: "));
    }

    [Test]
    public async Task A02_Old_timestamp_is_refused_though_the_stored_one_has_expired()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        repository.Timestamp.Expires = repository.Now + TimeSpan.FromDays(9);
        repository.PublishTimestamp();
        byte[] old = repository.Current(repository.Timestamp);
        repository.Timestamp.Expires = repository.Now + TimeSpan.FromDays(1);
        SampleRelease release = SampleRelease.Create();
        device.Server.Offer(release);
        await device.RunAsync();

        repository.Now += TimeSpan.FromDays(2);
        repository.Files["timestamp.json"] = old;
        device.Server.Assign(release.TargetPath);
        Rejection rejection = await RefusesAsync(device, RejectionReason.MetadataRollback);
        Assert.That(rejection.Detail, Does.StartWith("timestamp: "));
    }

    [Test]
    [Proves("W-9")]
    public async Task A02_Timestamp_of_the_same_version_with_an_older_snapshot_does_not_become_the_reference()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        MetaFile old = repository.TimestampMeta!;
        repository.PublishSnapshot();
        repository.PublishTimestamp();
        device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
        await RefusesAsync(device, RejectionReason.TargetNotFound);
        byte[] reference = device.Store.Read("metadata/timestamp.json")!;

        repository.Timestamp.Version--;
        repository.TimestampMeta = old;
        repository.PublishTimestamp();
        device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
        await RefusesAsync(device, RejectionReason.TargetNotFound);
        Assert.That(device.Store.Read("metadata/timestamp.json"), Is.EqualTo(reference));

        repository.PublishTimestamp();
        device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
        Rejection rejection = await RefusesAsync(device, RejectionReason.MetadataRollback);
        Assert.That(rejection.Detail, Does.StartWith("snapshot, as named by the timestamp,"));
    }

    [Test]
    public async Task A03_Expired_timestamp_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create());
        device.Server.Repository.Now += TimeSpan.FromDays(31);
        await RefusesAsync(device, RejectionReason.MetadataExpired);
    }

    [Test]
    [Proves("W-2")]
    public async Task A03_Clock_set_back_does_not_revive_expired_metadata()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();

        repository.Timestamp.Expires = repository.Now - TimeSpan.FromDays(1);
        device.Server.Offer(SampleRelease.Create("1.1.1", sequence: 3));
        repository.Now = DateTimeOffset.UnixEpoch;
        Rejection rejection = await RefusesAsync(device, RejectionReason.MetadataExpired);
        Assert.That(rejection.Detail, Does.StartWith("timestamp: wanted an expiry after 2026-01-01"));
    }

    [Test]
    [Proves("W-2")]
    public async Task A03_Clock_set_back_does_not_revive_the_role_of_a_product_that_had_expired_by_accepted_metadata()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        DateTimeOffset truth = repository.Now;
        repository.Pump.Expires = truth + TimeSpan.FromDays(5);
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Offer(release);
        repository.Now = truth + TimeSpan.FromDays(10);
        await RefusesAsync(device, RejectionReason.MetadataExpired);

        repository.Now = truth;
        device.Server.Assign(release.TargetPath);
        await RefusesAsync(device, RejectionReason.MetadataExpired);
    }

    [Test]
    [Proves("W-20")]
    public async Task A06_Snapshot_whose_signed_length_is_absurd_is_not_asked_for()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        device.Server.Offer(SampleRelease.Create());
        repository.TimestampMeta = new MetaFile(repository.Snapshot.Version, DecodeLimits.SnapshotBytes + 1L, Sha256Digest.Of("endless"u8));
        repository.PublishTimestamp();

        await RefusesAsync(device, RejectionReason.LimitExceeded);

        Assert.That(device.Server.Requests, Has.None.Contains("snapshot.json"));
    }

    [Test]
    [Proves("W-20")]
    public async Task A06_Role_whose_signed_length_is_absurd_is_not_asked_for()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        device.Server.Offer(SampleRelease.Create());
        repository.SnapshotMeta["infusion-pump.json"] = new MetaFile(repository.Pump.Version, DecodeLimits.TargetsBytes + 1L, Sha256Digest.Of("endless"u8));
        repository.PublishSnapshot();
        repository.PublishTimestamp();

        await RefusesAsync(device, RejectionReason.LimitExceeded);

        Assert.That(device.Server.Requests, Has.None.Contains("infusion-pump.json"));
    }

    [Test]
    [Proves("W-2")]
    public async Task A03_Clock_that_ran_ahead_is_believed_until_true_time_has_caught_up()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        DateTimeOffset truth = repository.Now;
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        repository.Now = truth + TimeSpan.FromDays(20);
        await device.RunAsync();
        repository.Now = truth;
        repository.Timestamp.Expires = truth + TimeSpan.FromDays(10);
        device.Server.Offer(SampleRelease.Create("1.1.1", sequence: 3));
        await RefusesAsync(device, RejectionReason.MetadataExpired);

        repository.Timestamp.Expires = truth + TimeSpan.FromDays(21);
        device.Server.Offer(SampleRelease.Create("1.1.2", sequence: 4));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.2"));
    }

    [Test]
    public async Task A03_Clock_far_ahead_that_led_to_nothing_is_forgotten()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        DateTimeOffset truth = repository.Now;
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Offer(release);
        repository.Now = truth.AddYears(100);
        await RefusesAsync(device, RejectionReason.MetadataExpired);
        repository.Now = truth;
        device.Server.Assign(release.TargetPath);
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [Test]
    public async Task A04_Fast_forwarded_timestamp_is_recovered_from_by_new_keys()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        long version = repository.Timestamp.Version;
        repository.Timestamp.Version = long.MaxValue - 1;
        SampleRelease first = SampleRelease.Create("1.1.0", 2), second = SampleRelease.Create("1.2.0", 3);
        repository.PublishTimestamp();
        device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
        await RefusesAsync(device, RejectionReason.TargetNotFound);

        repository.Timestamp.Version = version;
        device.Server.Offer(first);
        await RefusesAsync(device, RejectionReason.MetadataRollback);

        // Timestamp and snapshot go together: new keys of either one free the device (TUF 1.0.34 section 5.3.11).
        repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
        repository.PublishRoot();
        device.Server.Offer(second);
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.0"));
    }

    [Test]
    [Proves("W-20")]
    public async Task A06_Endless_timestamp_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create());
        device.Server.Repository.Files["timestamp.json"] = new byte[DecodeLimits.TimestampBytes + 1];
        await RefusesAsync(device, RejectionReason.LimitExceeded);
    }

    [Test]
    [Proves("W-26")]
    public async Task A06_Manifest_longer_than_its_listed_length_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create());
        IDictionary<string, byte[]> files = device.Server.Repository.TargetFiles;
        string name = files.Keys.Single();
        files[name] = [.. files[name], 0];
        await RefusesAsync(device, RejectionReason.LimitExceeded);
    }

    [Test]
    public async Task A08_Release_for_another_vendor_is_refused() =>
        await RefusesReleaseAsync(static m => m with { VendorId = NameBasedUuid.Vendor("others.example") }, RejectionReason.WrongVendor);

    [Test]
    public async Task A08_Release_for_another_class_is_refused() =>
        await RefusesReleaseAsync(static m => m with { ClassId = NameBasedUuid.DeviceClass(SampleRelease.Vendor, "syringe-pump") }, RejectionReason.WrongClass);

    [Test]
    public async Task A08_Release_for_another_device_is_refused() =>
        await RefusesReleaseAsync(static m => m with { DeviceId = NameBasedUuid.Device(SampleRelease.DeviceClass, "pump-0002") }, RejectionReason.WrongDevice);

    [Test]
    public async Task A09_Manifest_signed_by_one_key_only_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create(), device.Server.Repository.Pump.Keys[0]);
        Rejection rejection = await RefusesAsync(device, RejectionReason.ThresholdNotMet);
        Assert.That(rejection.Detail, Does.StartWith("envelope:"));
    }

    [Test]
    public async Task A09_Product_role_signed_by_one_key_only_is_refused()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        repository.Pump.Signers = [repository.Pump.Keys[0]];
        device.Server.Offer(SampleRelease.Create());
        Rejection rejection = await RefusesAsync(device, RejectionReason.ThresholdNotMet);
        Assert.That(rejection.Detail, Does.Contain("infusion-pump"));
    }

    [Test]
    public async Task A15_Assignment_of_a_climbing_path_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Assignment = new Assignment("d", "infusion-pump/../../etc/passwd");
        await RefusesAsync(device, RejectionReason.UnsafePath);
    }

    [Test]
    public async Task A15_Pack_on_another_host_is_refused()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create(change: static m => m.WithImage(i => i with { PackUri = "//evil.example/pack" }));
        device.Server.Offer(release);
        await RefusesAsync(device, RejectionReason.UnsafePath);
        Assert.That(device.Server.Requests, Has.None.Contains("/pack"));
    }

    [Test]
    public async Task A17_Listed_target_without_a_digest_is_refused()
    {
        using SimulatedDevice device = new();
        RepositorySimulator repository = device.Server.Repository;
        device.Server.Offer(SampleRelease.Create());
        repository.Edit(repository.Pump, static text => Regex.Replace(text, "\"hashes\":\\{[^}]*\\},", "", RegexOptions.None, TimeSpan.FromSeconds(1)));
        repository.PublishSnapshot();
        repository.PublishTimestamp();
        await RefusesAsync(device, RejectionReason.MissingField);
    }

    [Test]
    public async Task A17_Chunk_table_without_digests_is_refused()
    {
        using SimulatedDevice device = new();
        byte[] table = [0xA2, 0x01, 0x19, 0x27, 0x10, 0x02, 0x19, 0x10, 0x00]; // {1: 10000, 2: 4096}
        SampleRelease release = SampleRelease.Create(change: m => m.WithImage(i => i with { ChunkTableDigest = Sha256Digest.Of(table), ChunkTableSize = table.Length }));
        device.Server.Offer(release);
        device.Server.Blobs[$"tables/{Sha256Digest.Of(table)}"] = table;
        await RefusesAsync(device, RejectionReason.MissingField);
    }

    [Test]
    public async Task A32_Image_larger_than_the_slot_is_refused_before_the_first_write()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create(image: SampleRelease.ImageOf("1.1.0", SimulatedDevice.SlotSize + 1)));
        await RefusesAsync(device, RejectionReason.ImageTooLarge);
        Assert.That(device.Server.Requests, Has.None.Contains("/packs/"));
    }

    [Test]
    public async Task P4_Older_security_version_is_refused_before_download()
    {
        using SimulatedDevice device = new(SampleRelease.Create("1.0.0", sequence: 1, security: 3));
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 2));
        await RefusesAsync(device, RejectionReason.BelowSecurityFloor);
        Assert.That(device.Server.Requests, Has.None.Contains("/packs/"));
    }

    [Test]
    public async Task A02_Lower_sequence_number_is_refused_and_its_reissue_is_not()
    {
        using SimulatedDevice device = new();
        SampleRelease old = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Publish(old);
        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));
        await device.RunAsync();
        device.Server.Assign(old.TargetPath);
        await RefusesAsync(device, RejectionReason.SequenceRollback);

        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 4));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [Test]
    public async Task A37_Unreadable_counter_stops_everything_before_the_first_write([Values("", "FFFFFFFF00000000")] string content)
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create());
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        await File.WriteAllBytesAsync(device.PathOf("counter"), Convert.FromHexString(content));
        IReadOnlyDictionary<string, string> before = device.Picture();
        Assert.That(() => agent.CheckInAsync(CancellationToken.None), Throws.TypeOf<Storage.DeviceStateException>().With.Message.Contains("rollback counter"));
        Assert.That(device.Picture(), Is.EqualTo(before));
    }

    private static async Task RefusesReleaseAsync(Func<UpdateManifest, UpdateManifest> change, RejectionReason reason)
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create(change: change));
        await RefusesAsync(device, reason);
        Assert.That(device.Server.Requests, Has.None.Contains("/packs/"));
    }

    private static async Task<Rejection> RefusesAsync(SimulatedDevice device, RejectionReason reason)
    {
        IReadOnlyDictionary<string, string> before = device.Picture();
        AgentOutcome outcome = await device.RunAsync();
        Assert.That(outcome, Is.InstanceOf<AgentOutcome.Refused>(), string.Join('\n', device.Log.All));
        Rejection rejection = ((AgentOutcome.Refused)outcome).Rejection;
        Assert.That(rejection.Reason, Is.EqualTo(reason), rejection.Detail);
        Assert.That(device.Picture(), Is.EqualTo(before), "boot record, slots and counter");
        Assert.That(device.Slots!.Opened, Is.Empty);
        Assert.That(device.Server.Reports[^1].State, Is.EqualTo(ReportState.Failed));
        Assert.That(device.Server.Reports[^1].Reason, Is.EqualTo(reason));
        Assert.That(device.Status.LastFailure, Is.EqualTo(rejection));
        return rejection;
    }
}
