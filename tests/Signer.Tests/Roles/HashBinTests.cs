using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>A product whose releases are spread over hash bins.</summary>
[TestFixture]
public sealed class HashBinTests
{
    private SignerWorld? _world;

    private SignerWorld World => _world!;

    [TearDown]
    public void RemoveHome()
    {
        _world?.Dispose();
        _world = null;
    }

    [Test]
    [Proves("R-46")]
    public async Task Product_with_bins_from_its_ceremony_publishes_each_release_into_the_bin_of_its_path()
    {
        await MakeAsync(16);
        await World.ReleaseAsync("1.0.0");
        await World.ReleaseAsync("1.1.0");
        TrustedMetadataSet trust = Client.Update(World);
        TargetsMetadata product = trust.Delegated(SignerWorld.Product)!;
        Assert.That((product.Targets.Count, product.Delegations.Count, product.Version), Is.EqualTo((0, 16, 1L)), "the product's role is signed when its delegations change, and only then");
        foreach (string version in new[] { "1.0.0", "1.1.0" })
        {
            VerifiedTarget target = trust.FindTarget($"infusion-pump/{version}/manifest.suit").OrThrow();
            Assert.That(target.Role, Is.EqualTo($"infusion-pump.{Sha256Digest.Of(System.Text.Encoding.UTF8.GetBytes(target.Path)).ToString()[0]}"));
            Assert.That(Client.Image(World, version), Is.EqualTo(await File.ReadAllBytesAsync(World.Image(version))));
        }
    }

    [Test]
    [Proves("R-46")]
    public async Task Bins_have_the_keys_and_the_threshold_of_their_product()
    {
        await MakeAsync(4);
        await World.ReleaseAsync("1.0.0");
        TrustedMetadataSet trust = Client.Update(World);
        DelegatedRole product = trust.Targets!.Delegations.Single();
        Assert.That(trust.Delegated(SignerWorld.Product)!.Delegations, Has.Count.EqualTo(4).And.All.Matches<DelegatedRole>(bin => bin!.Keys.Threshold == 2 && bin.Keys.Keys.SequenceEqual(product.Keys.Keys)));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(16)]
    [TestCase(64)]
    [TestCase(4096)]
    [Proves("R-46")]
    public void Every_path_falls_into_exactly_one_bin(int count)
    {
        RoleKeys keys = new([SoftwareKey.EcdsaP256().PublicKey], 1);
        IReadOnlyList<DelegatedRole> bins = Repository.HashBins.Delegate(ProductName.Parse(SignerWorld.Product), keys, count);
        Assert.That(bins, Has.Count.EqualTo(count));
        Assert.That(bins.SelectMany(static bin => bin.PathHashPrefixes), Is.Unique);
        for (int patch = 0; patch < 50; patch++)
        {
            Assert.That(bins.Count(bin => bin.Covers($"infusion-pump/1.0.{patch}/manifest.suit")), Is.EqualTo(1));
        }
    }

    [TestCase(0)]
    [TestCase(16)]
    [Proves("R-47")]
    public async Task Releases_move_between_bins_and_keep_their_envelopes(int before)
    {
        await MakeAsync(before);
        string digest = await World.ReleaseAsync("1.0.0");
        await World.ReleaseAsync("1.1.0");
        foreach (int bins in new[] { 256, 16, 0 })
        {
            await World.ChangeAsync($"--role infusion-pump --hash-bins {bins}", "release approver");
            Assert.That(Client.Update(World).Delegated(SignerWorld.Product)!.Delegations, Has.Count.EqualTo(bins));
            Assert.That(Client.Manifest(World, "1.0.0").Digest.ToString(), Is.EqualTo(digest));
        }

        await World.ReleaseAsync("1.2.0");
        Assert.That(Client.Update(World).Delegated(SignerWorld.Product)!.Targets, Has.Count.EqualTo(3));
    }

    [Test]
    [Proves("R-47")]
    public async Task A02_Bin_that_comes_back_does_not_list_what_it_listed_before()
    {
        await MakeAsync(16);
        string old = await World.ReleaseAsync("1.0.0");
        string bin = Client.Update(World).FindTarget("infusion-pump/1.0.0/manifest.suit").OrThrow().Role;
        await World.ChangeAsync("--role infusion-pump --hash-bins 0", "release approver");
        string digest = (await World.ReleaseAsync("reissue", "1.0.0", "release")).Ok().Value("manifest digest");
        (await World.ApproveAsync("1.0.0", digest)).Ok();
        (await World.PublishAsync("1.0.0")).Ok();
        await World.ChangeAsync("--role infusion-pump --hash-bins 16", "release approver");
        Assert.That((Client.Manifest(World, "1.0.0").Digest.ToString(), World.Repository.ReadState().Delegated[bin]), Is.EqualTo((digest, 2L)));
        Assert.That(digest, Is.Not.EqualTo(old));
    }

    [Test]
    [Proves("R-43")]
    public async Task Product_key_is_replaced_and_its_bins_are_signed_anew()
    {
        await MakeAsync(16);
        string digest = await World.ReleaseAsync("1.0.0");
        (await World.MakeKeyAsync("release-2")).Ok();
        await World.ChangeAsync("--role infusion-pump --add-key release-2 --remove-key release", "release-2 approver targets");
        Assert.That(Client.Manifest(World, "1.0.0").Digest.ToString(), Is.EqualTo(digest));
        Assert.That(World.Repository.ReadState().Delegated.Values, Is.EqualTo([2L, 2L]));
    }

    [Test]
    [Proves("R-44")]
    public async Task A03_Renewal_of_a_product_renews_its_bins()
    {
        await MakeAsync(16);
        await World.ReleaseAsync("1.0.0");
        World.Clock.Step(TimeSpan.FromDays(170));
        (await World.OnlineAsync()).Ok();
        await World.ChangeAsync("--role infusion-pump --renew", "release approver");
        World.Clock.Step(TimeSpan.FromDays(20));
        (await World.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(World, "1.0.0").Content.Sequence.Value, Is.EqualTo(1));
    }

    [Test]
    public async Task Approval_from_before_a_change_of_bins_is_not_published()
    {
        await MakeAsync(0);
        await World.ReleaseAsync("1.0.0");
        await World.ApprovedAsync("1.1.0");
        await World.ChangeAsync("--role infusion-pump --hash-bins 16", "release approver");
        (await World.PublishAsync("1.1.0")).Refused("the hash bins of infusion-pump changed since the approval: approve again");
    }

    [TestCase(3)]
    [TestCase(8192)]
    [TestCase(-16)]
    public async Task Number_of_bins_that_is_no_power_of_two_up_to_4096_is_refused(int bins)
    {
        _world = new SignerWorld();
        (await World.CeremonyAsync(plan => WithBins(plan, bins))).Refused($"products.infusion-pump.hashBins: wanted 0 (none) or a power of two up to 4096, got {bins}");
    }

    private static string WithBins(string plan, int bins) => bins == 0 ? plan : plan.Replace("    chunkSize:", $"    hashBins: {bins}\n    chunkSize:", StringComparison.Ordinal);

    private async Task MakeAsync(int bins) => _world = await SignerWorld.CreateAsync(plan => WithBins(plan, bins));
}
