using System.Net;
using System.Text.Json;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Releases;

/// <summary>Publications after changes of roles: rotated roots, products with other keys, products in hash bins.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RoleChangePublicationTests : IAsyncDisposable
{
    private readonly SampleRelease _release = SampleRelease.Create();

    private ServerUnderTest _server = null!;

    private PublicationSource Source => _server.Source;

    private RepositorySimulator Repository => _server.Source.Repository;

    [SetUp]
    public async Task PublishFirst()
    {
        _server = await ServerUnderTest.StartAsync();
        Source.Add(_release);
        await IsAcceptedAsync("1.1.0");
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("R-50")]
    public async Task A13_Five_roots_at_once_are_walked_and_served()
    {
        for (int i = 0; i < 5; i++)
        {
            Repository.RotateRoot();
        }

        Repository.PublishTimestamp();
        await IsAcceptedAsync("1.1.0");
        for (int version = 2; version <= 6; version++)
        {
            Assert.That(await _server.Anonymous.GetByteArrayAsync($"/repo/metadata/{version}.root.json"), Is.EqualTo(Repository.Files[$"{version}.root.json"]));
        }
    }

    [Test]
    [Proves("R-50")]
    public async Task A13_Root_in_the_middle_of_the_chain_that_too_few_signed_is_refused_and_so_is_the_chain()
    {
        Repository.RotateRoot();
        Repository.Root.Signers = [Repository.Root.Keys[0]];
        Repository.PublishRoot();
        Repository.Root.ResetSigners();
        Repository.RotateRoot();
        Repository.PublishTimestamp();
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
        using HttpResponseMessage root = await _server.Anonymous.GetAsync("/repo/metadata/2.root.json");
        Assert.That(root.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    [Proves("R-50")]
    public async Task Product_with_other_keys_is_accepted_when_its_envelopes_bear_a_threshold_of_them()
    {
        IReadOnlyList<SoftwareKey> old = Repository.Pump.Keys;
        Repository.Pump.Keys = [old[0], SoftwareKey.EcdsaP256()];
        Repository.AddTarget(_release.TargetPath, _release.SignedBy([.. old, Repository.Pump.Keys[1]]).Bytes.ToArray());
        PublishAll();
        await IsAcceptedAsync("1.1.0");
        Assert.That((await ReleasesAsync())[0].GetProperty("manifest_digest").GetString(), Is.EqualTo(PublicationSource.DigestOf(_release).ToString()), "the same release: a rollout of it goes on");
    }

    [Test]
    [Proves("R-50")]
    public async Task A09_Product_with_other_keys_whose_envelopes_were_not_signed_anew_is_refused()
    {
        Repository.Pump.Keys = [Repository.Pump.Keys[0], SoftwareKey.EcdsaP256()];
        PublishAll();
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    [Test]
    [Proves("R-50")]
    public async Task Releases_in_hash_bins_are_listed_and_their_bins_served()
    {
        SimulatedBin bin = await MoveIntoBinsAsync();
        Source.Add(SampleRelease.Create("1.2.0", 3));
        await IsAcceptedAsync("1.1.0", "1.2.0");
        Assert.That(await _server.Anonymous.GetByteArrayAsync($"/repo/metadata/{bin.Version}.{bin.Name}.json"), Is.EqualTo(Repository.Current(bin)));
    }

    [Test]
    [Proves("R-50")]
    public async Task Releases_come_out_of_hash_bins_again()
    {
        await MoveIntoBinsAsync();
        Repository.Pump.Bins.Clear();
        Repository.AddTarget(_release.TargetPath, Envelope());
        Repository.Publish();
        await IsAcceptedAsync("1.1.0");
    }

    [Test]
    [Proves("R-50")]
    public async Task Empty_bin_need_not_be_in_the_snapshot()
    {
        RepositorySimulator.AddBins(Repository.Pump);
        Repository.Pump.Targets.Clear();
        Repository.AddTarget(_release.TargetPath, Envelope());
        Repository.PublishProduct(Repository.Pump);
        foreach (SimulatedBin empty in Repository.Pump.Bins.Where(static bin => bin.Targets.Count == 0))
        {
            Repository.SnapshotMeta.Remove(empty.Name + ".json");
        }

        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsAcceptedAsync("1.1.0");
    }

    [Test]
    [Proves("R-50")]
    public async Task A09_Bin_that_one_key_signed_is_refused()
    {
        SimulatedBin bin = await MoveIntoBinsAsync();
        bin.Signers = [Repository.Pump.Keys[0]];
        Repository.Publish();
        await IsRefusedAsync(RejectionReason.ThresholdNotMet);
    }

    [Test]
    [Proves("R-50")]
    public async Task A10_Bin_that_vanished_from_the_snapshot_is_refused()
    {
        SimulatedBin bin = await MoveIntoBinsAsync();
        Repository.SnapshotMeta.Remove(bin.Name + ".json");
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await IsRefusedAsync(RejectionReason.UnknownRole);
    }

    [Test]
    [Proves("R-50")]
    public async Task A01_Release_in_a_bin_that_its_path_does_not_fall_into_is_refused()
    {
        SimulatedBin bin = await MoveIntoBinsAsync();
        Repository.Pump.Bins.First(other => other != bin).Targets[_release.TargetPath] = bin.Targets[_release.TargetPath];
        bin.Targets.Clear();
        Repository.Publish();
        await IsRefusedAsync(RejectionReason.TargetNotFound);
    }

    private byte[] Envelope() => _release.SignedBy([.. Repository.Pump.Keys]).Bytes.ToArray();

    /// <summary>Everything but the root, the delegations first.</summary>
    private void PublishAll()
    {
        Repository.PublishTargets();
        Repository.Publish();
    }

    /// <returns>The bin that the release is in.</returns>
    private async Task<SimulatedBin> MoveIntoBinsAsync()
    {
        RepositorySimulator.AddBins(Repository.Pump);
        Repository.Pump.Targets.Clear();
        Repository.AddTarget(_release.TargetPath, Envelope());
        Repository.Publish();
        await IsAcceptedAsync("1.1.0");
        return Repository.Pump.Bins.Single(static bin => bin.Targets.Count > 0);
    }

    private async Task<JsonElement[]> ReleasesAsync()
    {
        using HttpResponseMessage response = await _server.Operator.GetAsync("/api/v1/releases");
        return [.. (await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK)).EnumerateArray()];
    }

    private async Task IsAcceptedAsync(params string[] versions)
    {
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        Assert.That((await ReleasesAsync()).Select(static release => release.GetProperty("version").GetString()), Is.EquivalentTo(versions));
    }

    private async Task IsRefusedAsync(RejectionReason reason)
    {
        byte[] before = await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json");
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.UnprocessableEntity, reason.ToString());
        Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json"), Is.EqualTo(before));
    }
}
