using System.Net;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Releases;

/// <summary>Release 1.1.0 is published; then something is wrong with what comes next, and the test is that 1.1.0 stays and nothing else shows.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PublicationTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;

    private PublicationSource Source => _server.Source;

    private RepositorySimulator Repository => _server.Source.Repository;

    [SetUp]
    public async Task PublishFirst()
    {
        _server = await ServerUnderTest.StartAsync();
        Source.Add(SampleRelease.Create());
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task The_next_release_is_accepted()
    {
        Source.Add(Next());
        await IsAcceptedAsync(Source.Bundle(), "1.1.0", "1.2.0");
    }

    [Test]
    public async Task Release_is_listed_with_the_gates_that_it_may_pass_also_after_a_restart()
    {
        Source.Add(SampleRelease.Create("1.2.0", 3, change: static m => m with { GateOverride = GateOverride.Of(GateKind.Consent, GateKind.Power) }));
        await IsAcceptedAsync(Source.Bundle(), "1.1.0", "1.2.0");
        await _server.RestartAsync();
        Assert.That(
            (await _server.GetAsync("/api/v1/releases")).EnumerateArray().Select(static r => $"{r.GetProperty("version")} {r.GetProperty("gate_override")}").Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { "1.1.0 []", "1.2.0 [\"power\",\"consent\"]" }));
    }

    [Test]
    public async Task The_same_bundle_again_is_fine() => await IsAcceptedAsync(Source.Bundle(), "1.1.0");

    [Test]
    public async Task Content_that_the_server_has_may_be_left_out()
    {
        HashSet<string> had = [.. Source.Bundle().Keys];
        Source.Add(Next());
        await IsAcceptedAsync(Source.Bundle().Where(f => !had.Contains(f.Key) || f.Key == "metadata/timestamp.json"), "1.1.0", "1.2.0");
    }

    [Test]
    public async Task A_fresh_timestamp_alone_is_a_publication()
    {
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle().Where(static f => f.Key == "metadata/timestamp.json"), "1.1.0");
        Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json"), Is.EqualTo(Repository.Current(Repository.Timestamp)));
    }

    [Test]
    public async Task Two_publications_at_once_are_taken_one_after_the_other()
    {
        Source.Add(Next());
        HttpResponseMessage[] responses = await Task.WhenAll(_server.PublishAsync(), _server.PublishAsync());
        Assert.That(responses.Select(static r => r.StatusCode), Is.All.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task A_withdrawn_release_is_not_listed_any_more()
    {
        Source.Add(Next());
        await IsAcceptedAsync(Source.Bundle(), "1.1.0", "1.2.0");
        Repository.Pump.Targets.Remove(RepositorySimulator.PathOf("1.1.0"));
        Repository.Publish();
        await IsAcceptedAsync(Source.Bundle(), "1.2.0");
    }

    [TestCase("targets/")]
    [TestCase("metadata/timestamp.json")]
    public async Task A31_A_stored_file_that_changed_stops_the_next_publication(string prefix)
    {
        byte[] stored = Source.Bundle().Single(f => f.Key.StartsWith(prefix, StringComparison.Ordinal)).Value;
        string name = Sha256Digest.Of(stored).ToString();
        await File.WriteAllBytesAsync(_server.PathOf($"data/content/{name[..2]}/{name}"), Flipped(stored));
        Repository.PublishTimestamp();
        using HttpResponseMessage response = await _server.PublishAsync(Source.Bundle().Where(static f => f.Key == "metadata/timestamp.json"));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.InternalServerError, "InternalError");
        Assert.That(_server.LogText.ToString(), Does.Contain("the stored bytes do not have the digest of their name"));
        Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json"), Is.Not.EqualTo(Repository.Current(Repository.Timestamp)));
    }

    [Test]
    public async Task P10_What_no_metadata_vouches_for_does_not_become_visible()
    {
        byte[] stray = "stray"u8.ToArray();
        string path = $"packs/{Sha256Digest.Of(stray)}";
        Source.Add(Next());
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle.Add(path, stray);
        await IsAcceptedAsync(bundle, "1.1.0", "1.2.0");
        await IsAbsentAsync(path);
    }

    [Test]
    public async Task A01_Manifest_signed_by_strangers_is_refused()
    {
        Source.Add(Next(), SoftwareKey.EcdsaP256(), SoftwareKey.Ed25519());
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    [Test]
    public async Task A01_Manifest_signed_by_the_keys_of_another_product_is_refused()
    {
        SimulatedProduct other = Repository.AddProduct("ventilator");
        Source.Add(Next(), [.. other.Keys]);
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    [Test]
    public async Task A01_Unsigned_manifest_is_refused()
    {
        SampleRelease release = Next();
        Source.Put(release);
        Repository.AddTarget(release.TargetPath, release.SignedBy().Bytes.ToArray());
        Repository.Publish();
        await IsRefusedAsync(RejectionReason.NoSignatures);
    }

    [Test]
    public async Task A01_Release_in_the_top_level_role_is_refused()
    {
        Repository.TopLevelTargets.Add(RepositorySimulator.PathOf("1.2.0"), new TargetFile(1, Sha256Digest.Of("x"u8)));
        Repository.PublishTargets();
        Repository.Publish();
        await IsRefusedAsync(RejectionReason.Unsupported);
    }

    [Test]
    public async Task A02_Old_timestamp_is_refused()
    {
        byte[] old = Repository.Current(Repository.Timestamp);
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle["metadata/timestamp.json"] = old;
        await IsRefusedAsync(RejectionReason.MetadataRollback, bundle);
    }

    [Test]
    public async Task A02_Old_timestamp_is_refused_after_a_restart_too()
    {
        byte[] old = Repository.Current(Repository.Timestamp);
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
        await _server.RestartAsync();
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle["metadata/timestamp.json"] = old;
        await IsRefusedAsync(RejectionReason.MetadataRollback, bundle);
    }

    [Test]
    public async Task A02_Old_product_role_is_refused()
    {
        MetaFile old = Repository.SnapshotMeta["infusion-pump.json"];
        Source.Add(Next());
        await IsAcceptedAsync(Source.Bundle(), "1.1.0", "1.2.0");
        Repository.SnapshotMeta["infusion-pump.json"] = old;
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsRefusedAsync(RejectionReason.MetadataRollback);
    }

    [Test]
    public async Task A02_Rollback_is_refused_after_the_online_keys_were_rotated_long_ago()
    {
        Repository.Timestamp.Keys = [SoftwareKey.EcdsaP256()];
        Repository.PublishRoot();
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
        byte[] old = Repository.Current(Repository.Timestamp);
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle["metadata/timestamp.json"] = old;
        await IsRefusedAsync(RejectionReason.MetadataRollback, bundle);
    }

    [Test]
    public async Task A03_Expired_metadata_is_refused()
    {
        Repository.PublishTimestamp();
        _server.Clock.Now += TimeSpan.FromDays(31);
        await IsRefusedAsync(RejectionReason.MetadataExpired);
    }

    [Test]
    public async Task A04_After_a_fast_forward_rotated_keys_begin_again()
    {
        Repository.Timestamp.Version = 1_000_000;
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
        Repository.Timestamp.Version = 10;
        Repository.PublishTimestamp();
        await IsRefusedAsync(RejectionReason.MetadataRollback);
        Repository.Timestamp.Keys = [SoftwareKey.EcdsaP256()];
        Repository.PublishRoot();
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
    }

    [Test]
    public async Task A04_After_a_fast_forward_of_the_snapshot_rotated_keys_begin_again()
    {
        Repository.Snapshot.Version = 1_000_000;
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
        Repository.Snapshot.Version = 10;
        Repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
        Repository.PublishRoot();
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
    }

    [Test]
    public async Task A05_Snapshot_of_another_publication_is_refused()
    {
        byte[] first = Repository.Current(Repository.Snapshot);
        Source.Add(Next());
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle[$"metadata/{Repository.Snapshot.Version}.snapshot.json"] = first;
        await IsRefusedAsync(RejectionReason.DigestMismatch, bundle);
    }

    [Test]
    public async Task A05_Another_timestamp_of_the_published_version_is_refused()
    {
        Repository.Timestamp.Version--;
        Repository.Timestamp.Expires += TimeSpan.FromDays(1);
        Repository.PublishTimestamp();
        await IsRefusedAsync(RejectionReason.DigestMismatch);
    }

    [Test]
    public async Task A09_Manifest_signed_by_one_key_is_refused()
    {
        Source.Add(Next(), Repository.Pump.Keys[0]);
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    [Test]
    public async Task A09_Product_role_signed_by_one_key_is_refused()
    {
        Repository.Pump.Signers = [Repository.Pump.Keys[0]];
        Source.Add(Next());
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    [Test]
    public async Task A10_A_role_removed_from_the_snapshot_is_refused()
    {
        Repository.SnapshotMeta.Remove("infusion-pump.json");
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsRefusedAsync(RejectionReason.UnknownRole);
    }

    [Test]
    public async Task A_product_without_a_release_need_not_be_in_the_snapshot()
    {
        Repository.Products.Add(new SimulatedProduct("ventilator", 2, SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256()) { Expires = Repository.Pump.Expires });
        Repository.PublishTargets();
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
    }

    [Test]
    public async Task A13_Root_not_signed_by_the_keys_before_it_is_refused()
    {
        Repository.Root.Keys = [SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256()];
        Repository.PublishRoot();
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    [Test]
    public async Task A13_A_properly_rotated_root_is_accepted_and_served()
    {
        Repository.RotateRoot();
        Repository.PublishTimestamp();
        await IsAcceptedAsync(Source.Bundle(), "1.1.0");
        Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/metadata/2.root.json"), Is.EqualTo(Repository.Files["2.root.json"]));
    }

    [Test]
    public async Task A16_Product_role_without_signatures_is_refused()
    {
        Repository.Pump.Signers = [];
        Source.Add(Next());
        await IsRefusedAsync(RejectionReason.NoSignatures);
    }

    [Test]
    public async Task A17_Target_without_a_digest_is_refused()
    {
        SampleRelease release = Source.Add(Next());
        string digest = Repository.Pump.Targets[release.TargetPath].Sha256.ToString();
        Repository.Edit(Repository.Pump, text => text.Replace($"\"hashes\":{{\"sha256\":\"{digest}\"}},", "", StringComparison.Ordinal));
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsRefusedAsync(RejectionReason.MissingField);
    }

    [Test]
    public async Task A26_A_flipped_bit_in_a_pack_is_refused()
    {
        SampleRelease release = Source.Add(Next());
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle[release.Described.PackUri] = Flipped(release.Pack);
        await IsRefusedAsync(RejectionReason.DigestMismatch, bundle);
    }

    [Test]
    public async Task A26_A_flipped_bit_in_a_pack_that_the_manifest_names_is_refused()
    {
        byte[] pack = Flipped(Next().Pack);
        SampleRelease release = Next(m => m.WithImage(i => i with { PackUri = $"packs/{Sha256Digest.Of(pack)}" }));
        Source.Add(release);
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle[release.Described.PackUri] = pack;
        await IsRefusedAsync([RejectionReason.FrameInvalid, RejectionReason.ChunkMismatch], bundle);
    }

    [Test]
    public async Task A27_Pack_of_another_image_is_refused()
    {
        SampleRelease other = SampleRelease.Create("1.3.0", 4);
        Source.Add(Next(m => m.WithImage(i => i with { PackUri = other.Described.PackUri })));
        Source.Put(other);
        await IsRefusedAsync(RejectionReason.PackForAnotherImage);
    }

    [Test]
    public async Task A27_Pack_with_bytes_behind_it_is_refused()
    {
        byte[] pack = [.. Next().Pack, 0];
        SampleRelease release = Next(m => m.WithImage(i => i with { PackUri = $"packs/{Sha256Digest.Of(pack)}" }));
        Source.Add(release);
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle[release.Described.PackUri] = pack;
        await IsRefusedAsync(RejectionReason.PackMalformed, bundle);
    }

    [Test]
    public async Task A27_Chunk_table_of_another_image_is_refused()
    {
        SampleRelease other = SampleRelease.Create("1.3.0", 4, image: SampleRelease.ImageOf("1.3.0", 9_000));
        Source.Add(Next(m => m.WithImage(i => i with { ChunkTableDigest = other.Described.ChunkTableDigest, ChunkTableSize = other.Described.ChunkTableSize })));
        Source.Put(other);
        await IsRefusedAsync(RejectionReason.ChunkTableMismatch);
    }

    [Test]
    public async Task A31_An_image_digest_that_the_chunks_do_not_make_is_refused()
    {
        // The pack's head agrees with the manifest; only hashing the whole image shows that both lie.
        byte[] wrong = Sha256Digest.Of("another image"u8).Bytes.ToArray();
        byte[] pack = [.. Next().Pack];
        wrong.CopyTo(pack, 8);
        SampleRelease release = Next(m => m.WithImage(i => i with { ImageDigest = Sha256Digest.FromBytes(wrong), PackUri = $"packs/{Sha256Digest.Of(pack)}" }));
        Source.Add(release);
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle[release.Described.PackUri] = pack;
        await IsRefusedAsync(RejectionReason.ImageMismatch, bundle);
    }

    [TestCase("targets/")]
    [TestCase("packs/")]
    [TestCase("tables/")]
    [TestCase("metadata/3.infusion-pump.json")]
    public async Task P10_A_missing_file_is_refused(string prefix)
    {
        HashSet<string> before = [.. Source.Bundle().Keys];
        Source.Add(Next());
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle.Remove(bundle.Keys.Single(k => !before.Contains(k) && k.StartsWith(prefix, StringComparison.Ordinal)));
        await IsRefusedAsync(RejectionReason.MissingField, bundle);
    }

    [Test]
    public async Task P10_A_bundle_without_a_timestamp_is_accepted_only_if_it_changes_nothing()
    {
        Source.Add(Next());
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle.Remove("metadata/timestamp.json");
        await IsAcceptedAsync(bundle, "1.1.0");
    }

    [Test]
    public async Task A_manifest_of_another_version_than_its_path_is_refused()
    {
        SampleRelease release = Next();
        Source.Put(release);
        Repository.AddTarget(RepositorySimulator.PathOf("1.3.0"), release.SignedBy([.. Repository.Pump.Keys]).Bytes.ToArray());
        Repository.Publish();
        await IsRefusedAsync(RejectionReason.WrongDocument);
    }

    [Test]
    public async Task A_sequence_number_that_another_release_has_is_refused()
    {
        Source.Add(SampleRelease.Create("1.2.0", sequence: 2));
        await IsRefusedAsync(RejectionReason.SequenceReused);
    }

    [Test]
    public async Task Published_content_never_changes_under_its_name()
    {
        Source.Add(Next());
        Dictionary<string, byte[]> bundle = Source.Bundle();
        bundle["metadata/1.targets.json"] = [.. bundle["metadata/1.targets.json"], (byte)'\n'];
        await IsRefusedAsync(RejectionReason.DigestMismatch, bundle);
    }

    [Test]
    public async Task P5_A_product_role_made_by_the_server_is_refused()
    {
        // Whoever owns the server has every public document and any key but the product's.
        SoftwareKey[] own = [SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256()];
        Repository.Pump.Signers = own;
        Source.Add(Next(), own);
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    private static SampleRelease Next(Func<UpdateManifest, UpdateManifest>? change = null) => SampleRelease.Create("1.2.0", sequence: 3, change: change);

    private static byte[] Flipped(byte[] bytes)
    {
        byte[] flipped = [.. bytes];
        flipped[^100] ^= 1;
        return flipped;
    }

    private async Task IsAcceptedAsync(IEnumerable<KeyValuePair<string, byte[]>> bundle, params string[] versions)
    {
        using HttpResponseMessage response = await _server.PublishAsync(bundle);
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        Assert.That(await VersionsAsync(), Is.EqualTo(versions));
    }

    private Task IsRefusedAsync(RejectionReason reason, Dictionary<string, byte[]>? bundle = null) => IsRefusedAsync([reason], bundle ?? Source.Bundle());

    private async Task IsRefusedAsync(RejectionReason[] reasons, Dictionary<string, byte[]> bundle)
    {
        byte[] timestamp = await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json");
        string[] versions = await VersionsAsync();
        string[] absent = await AbsentOfAsync(bundle.Keys);
        using HttpResponseMessage response = await _server.PublishAsync(bundle);
        JsonElement problem = await ServerUnderTest.ReadAsync(response, HttpStatusCode.UnprocessableEntity);
        Assert.That(reasons.Select(static r => r.ToString()), Does.Contain(problem.GetProperty("reason").GetString()), problem.ToString());
        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("wanted"));

        // Nothing of it shows, now or after a restart.
        await NothingChangedAsync();
        await _server.RestartAsync();
        await NothingChangedAsync();

        async Task NothingChangedAsync()
        {
            Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json"), Is.EqualTo(timestamp));
            Assert.That(await VersionsAsync(), Is.EqualTo(versions));
            Assert.That(await AbsentOfAsync(bundle.Keys), Is.EqualTo(absent));
            Assert.That(Directory.EnumerateFileSystemEntries(_server.PathOf("data/staging")), Is.Empty);
        }
    }

    private async Task<string[]> VersionsAsync() => [.. (await _server.GetAsync("/api/v1/releases")).EnumerateArray().Select(static r => r.GetProperty("version").GetString()!).Order(StringComparer.Ordinal)];

    private async Task<string[]> AbsentOfAsync(IEnumerable<string> paths)
    {
        List<string> absent = [];
        foreach (string path in paths.Order(StringComparer.Ordinal))
        {
            using HttpResponseMessage response = await _server.Anonymous.GetAsync($"/repo/{path}");
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                absent.Add(path);
            }
        }

        return [.. absent];
    }

    private async Task IsAbsentAsync(string path) => Assert.That(await AbsentOfAsync([path]), Is.EqualTo(new[] { path }));
}
